import { describeFailure, type HttpFault } from '../../util/http/http-failure.ts';
import { BrokenPageError } from './whole-page.ts';

/**
 * What a failed request to S3 means. `missing-bucket` to `settings` must be fixed by the user; `unavailable` may pass,
 * and the client has repeated it before it is reported.
 */
export type S3ErrorKind =
  | 'missing-bucket'
  | 'missing-key'
  | 'denied'
  | 'credentials'
  | 'region'
  | 'settings'
  | 'archived'
  | 'customer-key'
  | 'changed'
  | 'range'
  | 'unavailable'
  | 'refused';

export interface S3Failure {
  readonly kind: S3ErrorKind;
  /** The store's own code, such as `NoSuchKey`, or the socket's, such as `ECONNREFUSED`. Never foreign text. */
  readonly code: string;
  readonly status?: number;
  /**
   * What is known besides, in words: the archive that an object lies in, the region that a bucket is in, what came
   * instead of an answer.
   */
  readonly detail?: string;
  /** Of `denied`, where the store says it: the permission that is missing, and the policy that takes it away. */
  readonly denied?: { readonly action?: string; readonly by?: string };
}

/**
 * Reads an error of the SDK. Pure; of its message only words are used that are known, since it may quote the request.
 */
export function readS3Error(error: unknown): S3Failure {
  const { name, status, region, storageClass, accessTier, fault, socketCode, message } = fieldsOf(error);
  const code = socketCode ?? name;
  const base = { code, ...(status !== undefined && { status }) };
  if (name === 'InvalidObjectState') {
    const detail = accessTier ?? storageClass;
    return { kind: 'archived', ...base, ...(detail !== undefined && { detail }) };
  }
  if (wrongRegion.has(name) || (status === 301 && name !== 'TimeoutError'))
    return { kind: 'region', ...base, ...(region !== undefined && { detail: region }) };
  if (name === 'Error' && /^Region is missing/u.test(message)) return { kind: 'region', ...base };
  if (error instanceof BrokenPageError) return { kind: 'unavailable', ...base, detail: error.detail };
  if (name === 'InvalidRequest' && /server side encryption/iu.test(message))
    return { kind: 'customer-key', ...base };
  const known = kindByName[name] ?? (name.startsWith('KMS.') ? 'denied' : kindByStatus(status));
  if (known === 'denied') return { kind: known, ...base, ...denialIn(message) };
  if (known !== undefined) return { kind: known, ...base };
  if (fault === 'certificate' || fault === 'unknown-host')
    return { kind: 'settings', ...base, detail: describeFailure({ error, host: 'S3' }).message };
  return { kind: status === undefined ? 'unavailable' : 'refused', ...base };
}

const policies =
  /explicit deny in an? ((?:service control|resource control|identity-based|resource-based|session|VPC endpoint) policy|permissions boundary)/u;

/** AWS names the action that was denied, which need not be the one that was asked for: an encrypted object takes a key. */
function denialIn(message: string): Pick<S3Failure, 'denied'> {
  const action = /not authorized to perform:? ([a-z0-9-]{2,20}:[A-Za-z]{2,60})\b/u.exec(message)?.[1];
  const by = policies.exec(message)?.[1];
  if (action === undefined && by === undefined) return {};
  return { denied: { ...(action !== undefined && { action }), ...(by !== undefined && { by }) } };
}

const wrongRegion = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);

const kindByName: Readonly<Record<string, S3ErrorKind>> = {
  NoSuchBucket: 'missing-bucket',
  NoSuchKey: 'missing-key',
  NotFound: 'missing-key',
  AccessDenied: 'denied',
  AllAccessDisabled: 'denied',
  AccountProblem: 'denied',
  NotSignedUp: 'denied',
  OptInRequired: 'denied',
  CredentialsProviderError: 'credentials',
  TokenProviderError: 'credentials',
  ProviderError: 'credentials',
  InvalidAccessKeyId: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  InvalidToken: 'credentials',
  ExpiredToken: 'credentials',
  ExpiredTokenException: 'credentials',
  TokenRefreshRequired: 'credentials',
  RequestTimeTooSkewed: 'credentials',
  RequestInTheFuture: 'credentials',
  RequestExpired: 'credentials',
  InvalidBucketName: 'settings',
  PreconditionFailed: 'changed',
  InvalidRange: 'range',
  SlowDown: 'unavailable',
  TimeoutError: 'unavailable',
  RequestTimeout: 'unavailable',
};

function kindByStatus(status: number | undefined): S3ErrorKind | undefined {
  if (status === undefined) return undefined;
  if (status >= 500 || status === 429 || status === 408) return 'unavailable';
  // A reply without a body, as to HEAD, has nothing but its status.
  const kinds: Readonly<Record<number, S3ErrorKind>> = {
    401: 'credentials',
    403: 'denied',
    404: 'missing-key',
    412: 'changed',
    416: 'range',
  };
  return kinds[status];
}

function fieldsOf(error: unknown) {
  const fields = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  const { statusCode, headers } = (fields.$response ?? {}) as Record<string, unknown>;
  const { httpStatusCode } = (fields.$metadata ?? {}) as Record<string, unknown>;
  const { fault } = describeFailure({ error, host: 'S3' }) as { fault: HttpFault };
  return {
    name: word(fields.name) ?? 'unknown',
    message: typeof fields.message === 'string' ? fields.message : '',
    socketCode: word(fields.code),
    status: number(httpStatusCode) ?? number(statusCode),
    region:
      word((headers as Record<string, unknown> | undefined)?.['x-amz-bucket-region']) ?? word(fields.Region),
    storageClass: word(fields.StorageClass),
    accessTier: word(fields.AccessTier),
    fault,
  };
}

const number = (value: unknown) => (typeof value === 'number' ? value : undefined);

/** A code, never a sentence: the other side's text does not come along. */
function word(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z0-9_.-]{1,60}$/u.test(value) ? value : undefined;
}
