import { describeFailure, type HttpFault } from '../../util/http/http-failure.ts';

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
  | 'changed'
  | 'range'
  | 'unavailable'
  | 'refused';

export interface S3Failure {
  readonly kind: S3ErrorKind;
  /** The store's own code, such as `NoSuchKey`, or the socket's, such as `ECONNREFUSED`. Never foreign text. */
  readonly code: string;
  readonly status?: number;
  /** What is known besides, in words: the archive that an object lies in, the region that a bucket is in. */
  readonly detail?: string;
}

/** Reads an error of the SDK. Pure; its message is never used, since it may quote the request. */
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
  const known = kindByName[name] ?? kindByStatus(status);
  if (known !== undefined) return { kind: known, ...base };
  if (fault === 'certificate' || fault === 'unknown-host')
    return { kind: 'settings', ...base, detail: describeFailure({ error, host: 'S3' }).message };
  return { kind: status === undefined ? 'unavailable' : 'refused', ...base };
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
  CredentialsProviderError: 'credentials',
  TokenProviderError: 'credentials',
  ProviderError: 'credentials',
  InvalidAccessKeyId: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  InvalidToken: 'credentials',
  ExpiredToken: 'credentials',
  ExpiredTokenException: 'credentials',
  RequestTimeTooSkewed: 'credentials',
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
