import type { S3 } from '@aws-sdk/client-s3';
import { withRetry } from '../../util/with-retry.ts';
import { cleanErrors } from './clean-error.ts';
import { readS3Error } from './s3-error.ts';
import { takeOnlyWholePages } from './whole-page.ts';

/**
 * The one client of a process, for sources, photos and state: made, and the SDK loaded, when it is first needed. The way of
 * this folder begins in `openS3Connection`.
 */
export interface S3Connection {
  /** How long S3 may stay away in the middle of a long listing before that is a fault. */
  readonly longestOutageInMs: number;
  client(): Promise<S3>;
  /** From now on with a client that is made anew: credentials are read again, also from files that were replaced. */
  renew(): void;
  close(): Promise<void>;
}

const defaultOutageInMs = 120_000;

/** @param options.longestOutageInMs default: two minutes, like the queue */
export function openS3Connection(
  options: S3ClientOptions & { readonly longestOutageInMs?: number },
): S3Connection {
  let made: Promise<S3> | undefined;
  /** Requests may be under way. */
  const former: Promise<S3>[] = [];
  return {
    longestOutageInMs: options.longestOutageInMs ?? defaultOutageInMs,
    client() {
      made ??= createS3Client(options);
      return made;
    },
    renew() {
      if (made) former.push(made);
      made = undefined;
    },
    async close() {
      for (const client of [...former, made]) (await client)?.destroy();
    },
  };
}

export interface S3ClientOptions {
  /** The bucket in the path of an address, not in its host: what most stores besides AWS want. */
  readonly pathStyle: boolean;
  /** Where `AWS_…` is looked up. Default: this process's environment, and whatever else the SDK's own chain knows. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Tries of one request, repeated after SlowDown, 5xx and faults of the network. Default 8: half a minute or so. */
  readonly maxAttempts?: number | undefined;
}

/** Throttled requests wait 1 s, 2 s, 4 s … up to 20 s (others 50 ms, 100 ms …), each time a random part of it. */
const defaultMaxAttempts = 8;
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/**
 * A client with the AWS SDK's own chain of credentials, endpoint and region. Loading the SDK takes some 300 ms: a run
 * that never meets S3 does not load it.
 */
export async function createS3Client(options: S3ClientOptions): Promise<S3> {
  const { pathStyle, environment = process.env, maxAttempts = defaultMaxAttempts } = options;
  const sdk = await import('@aws-sdk/client-s3');
  const client = withoutVersionWarning(
    () =>
      new sdk.S3({
        ...ownSettings(environment),
        // Handed on to what reads credentials: else files that were read once are never read again.
        ...{ ignoreCache: true },
        forcePathStyle: pathStyle,
        followRegionRedirects: true,
        // Other stores refuse or corrupt bodies with checksums in a trailer.
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
        retryMode: 'standard',
        maxAttempts,
        requestHandler: {
          connectionTimeout: 10_000,
          requestTimeout: 30_000,
          throwOnRequestTimeout: true,
          socketTimeout: 30_000,
          socketAcquisitionWarningTimeout: 2 ** 31 - 1,
          httpsAgent: { keepAlive: true, maxSockets: 64 },
          httpAgent: { keepAlive: true, maxSockets: 64 },
        },
        logger: silent,
      }),
  );
  takeOnlyWholePages(client);
  cleanErrors(client);
  return client;
}

/** What the SDK would not find by itself: another environment than the process's own, and a region where none is needed. */
function ownSettings(environment: Readonly<Record<string, string | undefined>>) {
  const endpoint = environment.AWS_ENDPOINT_URL_S3 || environment.AWS_ENDPOINT_URL;
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION;
  return {
    ...(environment === process.env ? {} : { ...(endpoint && { endpoint }), ...ownCredentials(environment) }),
    // A store with an address of its own needs no region, the SDK always does.
    ...(region ? { region } : endpoint ? { region: 'us-east-1' } : {}),
  };
}

function ownCredentials(environment: Readonly<Record<string, string | undefined>>) {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = environment;
  if (!accessKeyId || !secretAccessKey) return {};
  return { credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } };
}

/** The SDK warns of Node.js versions that it will not support one day; that does not concern those who run a command. */
function withoutVersionWarning<Result>(make: () => Result): Result {
  const name = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';
  const before = process.env[name];
  process.env[name] = 'true';
  try {
    return make();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}

const firstPauseInMs = 500;
const longestPauseInMs = 10_000;

/**
 * Repeats what S3 does not answer although the client has tried it several times, for as long as an outage may last.
 * @throws the signal's reason when aborted, else the last error
 */
export function retryDuringOutage<Result>(
  action: () => Promise<Result>,
  { longestOutageInMs, signal }: { longestOutageInMs: number; signal: AbortSignal },
): Promise<Result> {
  const endsAt = performance.now() + longestOutageInMs;
  return withRetry(action, {
    signal,
    pauseInMs(error, failures) {
      const pauseInMs = Math.min(longestPauseInMs, firstPauseInMs * 2 ** (failures - 1));
      if (readS3Error(error).kind !== 'unavailable' || performance.now() + pauseInMs > endsAt)
        return undefined;
      return pauseInMs * (0.5 + Math.random() / 2);
    },
  });
}
