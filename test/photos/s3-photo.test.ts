import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createPhotoReader } from '../../src/photos/read-photo.ts';
import { openS3Connection, type S3Connection } from '../../src/storage/s3/s3-connection.ts';
import { internalError, type S3Proxy, slowDown, startS3Proxy } from '../helpers/s3-proxy.ts';
import { type S3Server, startS3Server } from '../helpers/s3-server.ts';

let server: S3Server;
let proxy: S3Proxy;
let s3: S3Connection;
beforeAll(async () => {
  server = await startS3Server();
  proxy = await startS3Proxy(server.endpoint);
  s3 = openS3Connection({
    pathStyle: true,
    environment: { ...server.environment, AWS_ENDPOINT_URL_S3: proxy.endpoint },
    maxAttempts: 3,
  });
  await server.createBucket('bucket');
  await server.put('bucket', [
    ['a b+%20.jpg', 'hello'],
    ['empty.jpg', ''],
    ['large.jpg', Buffer.alloc(300_000)],
  ]);
});
afterAll(async () => {
  await s3?.close();
  await proxy?.close();
  await server?.close();
});
beforeEach(() => proxy.reset());

const read = (address: string, signal = new AbortController().signal, timeoutInMs = 30_000) =>
  createPhotoReader({ allowPrivate: false, timeoutInMs, s3, maxSizeInBytes: 200_000 }).read(address, signal);
const photo = 's3://bucket/a b+%20.jpg';

test('bytes, their hash, and the ETag as version', async () => {
  expect(await read(photo)).toEqual({
    bytes: Buffer.from('hello'),
    sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
    version: '"5d41402abc4b2a76b9719d911017c592"',
  });
});

test('what passes is tried again by the client, and may be tried later', async () => {
  proxy.answer(() => true, internalError, 2);
  expect(await read(photo)).toHaveProperty('bytes');
  proxy.answer(() => true, internalError, 3);
  expect(await read(photo)).toEqual({
    problem: `photo ${JSON.stringify(photo)} cannot be read now (InternalError, 500)`,
    retryable: true,
    fault: 'open',
  });
  proxy.answer(() => true, { cutAfterInBytes: 2 }, 1);
  expect(await read(photo)).toMatchObject({ retryable: true, fault: 'open' });
});

const archived = (more: string) => ({ status: 403, code: 'InvalidObjectState', more });

test.each([
  ['NoSuchKey', undefined, 's3://bucket/gone.jpg', /is not there \(NoSuchKey, 404\)/, false, undefined],
  ['NoSuchBucket', undefined, 's3://gone/a.jpg', /there is no such bucket/, false, 'open'],
  ['no address', undefined, 's3://k:CANARY@bucket/a.jpg', /is not an address on S3/, false, undefined],
  ['empty', undefined, 's3://bucket/empty.jpg', /is empty \(0 bytes\)/, false, undefined],
  ['large', undefined, 's3://bucket/large.jpg', /larger than/, false, undefined],
  [
    'denied',
    { status: 403, code: 'AccessDenied' },
    photo,
    /permission s3:GetObject is missing/,
    false,
    'open',
  ],
  ['expired', { status: 400, code: 'ExpiredToken' }, photo, /the credentials have expired/, true, 'source'],
  [
    'archived',
    archived('<StorageClass>GLACIER</StorageClass>'),
    photo,
    /is archived in GLACIER: restore it, then run dead-letters --retry/,
    false,
    undefined,
  ],
  [
    'tiered',
    archived('<StorageClass>INTELLIGENT_TIERING</StorageClass><AccessTier>ARCHIVE_ACCESS</AccessTier>'),
    photo,
    /is archived in ARCHIVE_ACCESS/,
    false,
    undefined,
  ],
])('%s is a problem', async (_, answer, address, problem, retryable, fault) => {
  if (answer !== undefined) proxy.answer(() => true, answer);
  const result = await read(address);
  expect(result).toMatchObject({ problem: expect.stringMatching(problem), retryable });
  expect('fault' in result ? result.fault : undefined).toBe(fault);
  expect(JSON.stringify(result)).not.toMatch(/CANARY|test-secret|test-access|played/);
});

test('a read that takes too long passes, and one that is aborted ends with the reason', async () => {
  proxy.setLatency(5_000);
  expect(await read(photo, new AbortController().signal, 300)).toEqual({
    problem: expect.stringContaining('did not arrive within 0.3 s'),
    retryable: true,
    fault: 'open',
  });
  const controller = new AbortController();
  const reading = read(photo, controller.signal);
  setTimeout(() => controller.abort(new Error('enough')), 100);
  await expect(reading).rejects.toThrow('enough');
});

test('throttling is retried with a longer pause', async () => {
  proxy.answer(() => true, slowDown, 1);
  expect(await read(photo)).toHaveProperty('bytes');
  expect(proxy.count('get')).toBe(2);
});
