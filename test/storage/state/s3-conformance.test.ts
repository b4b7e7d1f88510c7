import { createS3Client } from '../../../src/storage/s3/s3-connection.ts';
import { createS3StateStore } from '../../../src/storage/state/s3/s3-state-store.ts';
import { internalError, slowDown, startS3Proxy } from '../../helpers/s3-proxy.ts';
import { startS3Server } from '../../helpers/s3-server.ts';
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
