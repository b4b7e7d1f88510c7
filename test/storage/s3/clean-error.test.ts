import { describe, expect, it } from 'vitest';
import { explainS3Photo } from '../../../src/photos/places/s3-photo.ts';
import { cleanS3Error } from '../../../src/storage/s3/clean-error.ts';
import { readS3Error } from '../../../src/storage/s3/s3-error.ts';
import { s3Fault } from '../../../src/storage/s3/s3-fault.ts';

const secret = 'wJalrXUtnFEMIKAMDENGbPxRfiCYEX';
const deed = { address: 's3://bucket/', deed: 'listed', permission: 's3:ListBucket' };
const headersOf = (region: string) => ({
  $response: { statusCode: 301, headers: { 'x-amz-bucket-region': region } },
});

/** An error as the SDK makes it of what a store answers. */
const errorOf = (fields: Readonly<Record<string, unknown>>) =>
  Object.assign(new Error(String(fields.message ?? 'no')), { name: 'AccessDenied' }, fields);

describe('an error of S3 that repeats a credential', () => {
  it.each([
    ['as its code', { name: secret }],
    ['in its code', { name: `Denied.${secret}` }],
    ['as the code of a socket', { code: secret }],
    ['in small letters', { name: secret.toLowerCase() }],
    ['in base64', { name: Buffer.from(secret).toString('base64url') }],
    ['in hex', { name: Buffer.from(secret).toString('hex') }],
    ['as the region', { name: 'PermanentRedirect', Region: secret }],
    ['as the region in a header', { name: 'PermanentRedirect', ...headersOf(secret) }],
    ['as the storage class', { name: 'InvalidObjectState', StorageClass: secret }],
    ['as the archive', { name: 'InvalidObjectState', AccessTier: secret }],
    ['in its message', { message: `User: ${secret}\nis not authorized to perform: s3:${secret}` }],
    ['as the permission', { message: `not authorized to perform: s3:${secret} on it` }],
  ])('tells nobody: %s', (_, fields) => {
    const error = errorOf(fields);
    cleanS3Error(error, [secret]);
    const fault = s3Fault(error, deed) as Error;
    const all = JSON.stringify([
      error,
      error.stack,
      fault.message,
      fault.stack,
      readS3Error(error),
      explainS3Photo(error, 'photo "a"'),
    ]);
    expect(all.toLowerCase()).not.toContain(secret.slice(0, 8).toLowerCase());
    expect(all).not.toContain(Buffer.from(secret).toString('base64url').slice(4, 12));
    expect(all).not.toContain(Buffer.from(secret).toString('hex').slice(4, 12));
  });

  it('stays what it is, in all else', () => {
    const message =
      'User: arn:aws:iam::1:user/u is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu:1:key/k with an explicit deny in a resource-based policy';
    const error = errorOf({ message, $metadata: { httpStatusCode: 403 } });
    const before = readS3Error(error);
    cleanS3Error(error, [secret]);
    expect(readS3Error(error)).toEqual(before);
    expect(before).toMatchObject({ kind: 'denied', denied: { action: 'kms:Decrypt' } });
    expect(error.message).toBe(message);
    expect(error.stack?.split('\n').length).toBeGreaterThan(3);
  });

  it.each([undefined, null, 'text', 3, {}, { $response: null }])('may be anything: %j', (error) => {
    expect(() => cleanS3Error(error, [secret])).not.toThrow();
  });
});
