import { UsageError } from '../../util/errors.ts';
import { redactAddress } from '../../util/redact-address.ts';

/** An object, or what lies below a prefix. The key is raw: spaces, Unicode, `+` and `%` are part of it. */
export interface S3Address {
  readonly bucket: string;
  /** May be empty: the whole bucket. */
  readonly key: string;
}

export function isS3Address(text: string): boolean {
  return /^s3:\/\//iu.test(text);
}

/**
 * Takes `s3://bucket/key` apart. Nothing is percent-decoded.
 * @throws UsageError that shows no user or password of it
 */
export function parseS3Address(text: string): S3Address {
  const { bucket = '', key = '' } = addressParts.exec(text)?.groups ?? {};
  const problem = problemOf(bucket, key);
  if (problem === undefined) return { bucket, key };
  const shown = JSON.stringify(redactAddress(text).address.slice(0, 300));
  throw new UsageError('s3-address', `${shown} is not an address on S3: ${problem}; give s3://bucket/key.`);
}

export function formatS3Address({ bucket, key }: S3Address): string {
  return `s3://${bucket}/${key}`;
}

const addressParts = /^s3:\/\/(?<bucket>[^/]*)(?:\/(?<key>.*))?$/isu;

/** S3's own limit for keys. */
const maxKeySizeInBytes = 1024;

function problemOf(bucket: string, key: string): string | undefined {
  if (bucket === '') return 'it names no bucket';
  if (bucket.includes('@')) return 'credentials belong in AWS_ACCESS_KEY_ID and so on, not in the address';
  if (!/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/iu.test(bucket)) return 'its bucket has no valid name';
  if (!key.isWellFormed() || key.includes('\0')) return 'its key is not valid text';
  return Buffer.byteLength(key) > maxKeySizeInBytes
    ? `its key is longer than ${maxKeySizeInBytes} bytes`
    : undefined;
}
