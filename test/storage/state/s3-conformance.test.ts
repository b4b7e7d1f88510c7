import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createS3Client } from '../../../src/storage/s3/s3-connection.ts';
import { createS3StateStore } from '../../../src/storage/state/s3/s3-state-store.ts';
import { internalError, type S3Proxy, slowDown, startS3Proxy } from '../../helpers/s3-proxy.ts';
import { type S3Server, startS3Server } from '../../helpers/s3-server.ts';
import { describeStateStore } from './state-store-conformance.ts';

const address = { bucket: 'state', key: 'rollcall/main/' };

describeStateStore('on S3', async () => {
  const server = await startS3Server();
  await server.createBucket(address.bucket);
  const client = async () => server.client;
  return { open: () => createS3StateStore({ client, address }), close: server.close };
});

/** Every fifteenth request meets a fault, on a store that cannot remove many objects at once. */
describeStateStore('on S3 with faults', async () => {
  const server = await startS3Server();
  await server.createBucket(address.bucket);
  const proxy = await startS3Proxy(server.endpoint);
  const made = await createS3Client({
    pathStyle: true,
    environment: { ...server.environment, AWS_ENDPOINT_URL_S3: proxy.endpoint },
  });
  let count = 0;
  const every = (nth: number) => () => count % nth === 0;
  proxy.answer(({ kind }) => kind === 'delete-many', { status: 501, code: 'NotImplemented' }, 1);
  proxy.answer(() => ++count % 600 === 7, slowDown);
  proxy.answer(every(15), internalError);
  proxy.answer(({ kind }) => kind === 'get' && count % 11 === 0, { cutAfterInBytes: 5 });
  return {
    open: () => createS3StateStore({ client: async () => made, address }),
    async close() {
      made.destroy();
      await proxy.close();
      await server.close();
    },
  };
});

describe('creating a file on S3', () => {
  let server: S3Server;
  let proxy: S3Proxy;
  let made: Awaited<ReturnType<typeof createS3Client>>;
  const open = () => createS3StateStore({ client: async () => made, address });
  const refusesSecond = { status: 412, code: 'PreconditionFailed' };

  beforeAll(async () => {
    server = await startS3Server();
    await server.createBucket(address.bucket);
    proxy = await startS3Proxy(server.endpoint);
    made = await createS3Client({
      pathStyle: true,
      environment: { ...server.environment, AWS_ENDPOINT_URL_S3: proxy.endpoint },
    });
  });
  beforeEach(() => proxy.reset());
  afterAll(async () => {
    made.destroy();
    await proxy.close();
    await server.close();
  });

  it('finds one that is there, though the answer breaks off', async () => {
    await open().write('there', 'the first');
    proxy.answer(({ kind }) => kind === 'get', { cutAfterInBytes: 4 }, 1);
    expect(await open().create('there', 'the second')).toBe(false);
    expect((await open().read('there'))?.toString()).toBe('the first');
  });

  it('knows its own, though the reply was lost and the client asked again', async () => {
    // As if the first request had stored it.
    await open().write('lost', 'mine');
    proxy.reset();
    proxy.answer(({ kind }) => kind === 'get', { status: 404, code: 'NoSuchKey' }, 1);
    proxy.answer(({ kind }) => kind === 'put', internalError, 1);
    proxy.answer(({ kind }) => kind === 'put', refusesSecond, 1);
    expect(await open().create('lost', 'mine')).toBe(true);
    expect(proxy.count('put')).toBe(2);
  });

  it("knows another's that came first", async () => {
    proxy.answer(({ kind }) => kind === 'get', { status: 404, code: 'NoSuchKey' }, 1);
    proxy.answer(({ kind }) => kind === 'put', refusesSecond, 1);
    expect(await open().create('there', 'the second')).toBe(false);
  });
});
