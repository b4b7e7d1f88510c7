import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createS3Client } from '../../../src/storage/s3/s3-connection.ts';
import { readS3Error } from '../../../src/storage/s3/s3-error.ts';
import { s3Fault } from '../../../src/storage/s3/s3-fault.ts';
import { compileSource } from '../../helpers/compiled-source.ts';
import { internalError, type S3Proxy, slowDown, startS3Proxy } from '../../helpers/s3-proxy.ts';
import { type S3Server, startS3Server } from '../../helpers/s3-server.ts';

let server: S3Server;
let proxy: S3Proxy;
beforeAll(async () => {
  server = await startS3Server();
  proxy = await startS3Proxy(server.endpoint);
  await server.createBucket('bucket');
});
afterAll(async () => {
  await proxy?.close();
  await server?.close();
});
beforeEach(() => proxy.reset());

const clientOf = (environment: Readonly<Record<string, string>> = {}, maxAttempts = 8) =>
  createS3Client({
    pathStyle: true,
    maxAttempts,
    environment: { ...server.environment, AWS_ENDPOINT_URL_S3: proxy.endpoint, ...environment },
  });

const deed = { address: 's3://bucket/', deed: 'listed', permission: 's3:ListBucket' };

test('bodies arrive as they were sent, under any key', async () => {
  const client = await clientOf();
  const keys = [
    'a b+c%20d.jpg',
    'ü/😀/"q" & <t>.jpg',
    'x//y',
    '/lead',
    'new\nline',
    "it's (1)*.jpg",
    'a/./b',
    '%2F',
  ];
  for (const key of keys) {
    await client.putObject({ Bucket: 'bucket', Key: key, Body: Buffer.from(`\r\n${key}`) });
    const { Body } = await client.getObject({ Bucket: 'bucket', Key: key });
    expect(await Body?.transformToString()).toBe(`\r\n${key}`);
  }
  expect(proxy.requests.filter(({ kind }) => kind === 'put').map(({ key }) => key)).toEqual(keys);
});

test('SlowDown, 5xx and a cut connection are tried again', async () => {
  const client = await clientOf();
  proxy.answer(({ kind }) => kind === 'list', slowDown, 1);
  proxy.answer(({ kind }) => kind === 'list', internalError, 1);
  proxy.answer(({ kind }) => kind === 'list', { cutAfterInBytes: 0 }, 1);
  await client.listObjectsV2({ Bucket: 'bucket' });
  expect(proxy.count('list')).toBe(4);
});

test.each([
  [{ status: 404, code: 'NoSuchBucket' }, 2, /no such bucket.*ROLLCALL_S3_PATH_STYLE/s],
  [{ status: 403, code: 'AccessDenied' }, 2, /permission s3:ListBucket/],
  [{ status: 403, code: 'InvalidAccessKeyId' }, 2, /AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/],
  [{ status: 403, code: 'SignatureDoesNotMatch' }, 2, /AWS_SECRET_ACCESS_KEY/],
  [
    { status: 400, code: 'AuthorizationHeaderMalformed', more: '<Region>eu-west-3</Region>' },
    2,
    /AWS_REGION=eu-west-3/,
  ],
  [{ status: 403, code: 'test-secret-key' }, 2, /\(unknown, 403\): access is denied/],
  [{ status: 501, code: 'NotImplemented' }, 4, /NotImplemented, 501/],
  [slowDown, 4, /SlowDown, 503.*start the same command again/],
])('%j is told in words', async (answer, exitCode, message) => {
  const client = await clientOf({}, 1);
  proxy.answer(() => true, answer);
  const error = await client.listObjectsV2({ Bucket: 'bucket' }).catch((error) => s3Fault(error, deed));
  expect(error).toMatchObject({ exitCode, message: expect.stringMatching(message) });
  expect((error as Error).message).not.toMatch(/test-secret-key|test-access-key|played/);
});

const forbids = (action: string, more = 'because no identity-based policy allows it') =>
  `<Message>User: arn:aws:iam::1:user/x is not authorized to perform: ${action} on resource: arn:aws:x ${more}</Message>`;

test.each([
  ['AccessDenied', 403, forbids('kms:Decrypt'), /permission kms:Decrypt is missing on the KMS key/],
  ['AccessDenied', 403, forbids('s3:GetObjectVersion'), /permission s3:GetObjectVersion is missing/],
  [
    'AccessDenied',
    403,
    forbids('s3:ListBucket', 'with an explicit deny in a service control policy'),
    /a service control policy forbids .* the action s3:ListBucket/,
  ],
  [
    'AccessDenied',
    403,
    forbids('kms:Decrypt', 'with an explicit deny in a resource-based policy'),
    /a resource-based policy forbids .* the action kms:Decrypt on the KMS key/,
  ],
  ['AccessDenied', 403, '<Message>Access Denied</Message>', /permission s3:ListBucket is missing/],
  ['AccessDenied', 403, forbids('<b>rm -rf</b>'), /permission s3:ListBucket is missing/],
  ['KMS.DisabledException', 400, '', /KMS key .* is disabled/],
  ['KMS.KMSInvalidStateException', 400, '', /KMS key .* about to be deleted/],
  ['KMS.NotFoundException', 400, '', /KMS key .* is not there/],
  ['RequestTimeTooSkewed', 403, '', /clocks of this machine and of the store/],
  ['RequestExpired', 400, '', /reached the store too late/],
  ['ExpiredToken', 400, '', /credentials have expired/],
  ['TokenRefreshRequired', 400, '', /credentials have expired/],
  ['InvalidToken', 400, '', /session token is not valid/],
  ['InvalidAccessKeyId', 403, '', /does not know this key/],
  ['SignatureDoesNotMatch', 403, '', /secret does not belong to the key/],
  ['AccountProblem', 403, '', /locked the account/],
  ['OptInRequired', 403, '', /Opt in/],
  [
    'InvalidRequest',
    400,
    '<Message>The object was stored using a form of Server Side Encryption.</Message>',
    /SSE-C/,
  ],
])('%s (%i) %s: the cause is named', async (code, status, more, message) => {
  const client = await clientOf({}, 1);
  proxy.answer(() => true, { status, code, more });
  const error = (await client
    .listObjectsV2({ Bucket: 'bucket' })
    .catch((error) => s3Fault(error, deed))) as Error;
  expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
  expect(error.message).not.toMatch(/arn:|rm -rf|played/);
});

test('an archived object says where it lies', async () => {
  const client = await clientOf();
  const more = '<StorageClass>DEEP_ARCHIVE</StorageClass>';
  proxy.answer(() => true, { status: 403, code: 'InvalidObjectState', more });
  const error = await client.getObject({ Bucket: 'bucket', Key: 'a' }).catch(readS3Error);
  expect(error).toMatchObject({ kind: 'archived', detail: 'DEEP_ARCHIVE' });
});

test('an address where nobody listens, and one without a host, are told', async () => {
  const refused = await clientOf({ AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' }, 1);
  const error = await refused.listObjectsV2({ Bucket: 'bucket' }).catch((error) => s3Fault(error, deed));
  expect(error).toMatchObject({ exitCode: 4, message: expect.stringContaining('ECONNREFUSED') });
  const unknown = await clientOf({ AWS_ENDPOINT_URL_S3: 'http://store.invalid' }, 1);
  const missing = await unknown.listObjectsV2({ Bucket: 'bucket' }).catch((error) => s3Fault(error, deed));
  expect((missing as Error).message).toMatch(/cannot be listed \((?:ENOTFOUND|EAI_AGAIN)\)/);
});

test('the chain of the SDK is used, and no credentials at all are told; nothing else is printed', async () => {
  const { pathOf } = await compileSource();
  const script = `
    const { createS3Client } = await import(${JSON.stringify(pathOf('src/storage/s3/s3-connection.ts'))});
    const { s3Fault } = await import(${JSON.stringify(pathOf('src/storage/s3/s3-fault.ts'))});
    const client = await createS3Client({ pathStyle: true });
    await client.listObjectsV2({ Bucket: 'bucket' }).then(
      ({ Name }) => console.log(Name),
      (error) => console.log(s3Fault(error, ${JSON.stringify(deed)}).message),
    );`;
  const run = (environment: Readonly<Record<string, string>>) =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      env: { PATH: process.env.PATH, HOME: '/nowhere', ...environment },
    });
  const { AWS_ACCESS_KEY_ID, AWS_REGION, ...withoutKey } = server.environment;
  const found = await run({ ...withoutKey, AWS_ACCESS_KEY_ID: String(AWS_ACCESS_KEY_ID) });
  expect(found).toEqual({ stdout: 'bucket\n', stderr: '' });
  const none = await run(withoutKey);
  expect(none.stdout).toMatch(/credentials are missing.*AWS_PROFILE/);
  expect(none.stderr).toBe('');
});
