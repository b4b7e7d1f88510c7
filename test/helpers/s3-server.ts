import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { S3 } from '@aws-sdk/client-s3';
import { createS3Client } from '../../src/storage/s3/s3-connection.ts';
import { compileSource } from './compiled-source.ts';
import type { S3Keys, StartedStore } from './swift-server.ts';

/** A store of a test's own, on the loopback interface. */
export interface S3Server {
  readonly endpoint: string;
  /** What a command or a client needs to use it: address, keys, region, path style. */
  readonly environment: Readonly<Record<string, string>>;
  readonly client: S3;
  createBucket(name: string): Promise<void>;
  /** Puts objects, several at a time. */
  put(bucket: string, objects: Iterable<readonly [key: string, body: Uint8Array | string]>): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts the store as a process of its own, which ends with this one at the latest; with `ROLLCALL_TEST_S3=swift`
 * another store, in a container.
 */
export async function startS3Server(): Promise<S3Server> {
  const store =
    process.env.ROLLCALL_TEST_S3 === 'swift'
      ? await (await import('./swift-server.ts')).startSwiftServer()
      : await startStoreProcess();
  const environment = s3Environment(store.endpoint, store);
  const client = await createS3Client({ pathStyle: true, environment });
  return {
    endpoint: store.endpoint,
    environment,
    client,
    createBucket: async (name) => void (await client.createBucket({ Bucket: name })),
    put: (bucket, objects) => putAll(client, bucket, objects),
    async close() {
      client.destroy();
      await store.close();
    },
  };
}

async function startStoreProcess(): Promise<StartedStore> {
  const file = (await compileSource()).pathOf('test/helpers/s3-server-process.ts');
  const child = spawn(process.execPath, [file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface(child.stdout);
  const [endpoint] = await Promise.race([
    once(lines, 'line') as Promise<[string]>,
    exited.then(([code]) => Promise.reject(new Error(`the store ended with ${code}`))),
  ]);
  return {
    endpoint,
    async close() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Keys that are no secret, for a store that checks none. */
function s3Environment(
  endpoint: string,
  { accessKeyId = 'test-access-key', secretAccessKey = 'test-secret-key' }: Partial<S3Keys> = {},
): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    ROLLCALL_S3_PATH_STYLE: 'true',
  };
}

const putsAtOnce = 16;

async function putAll(
  client: S3,
  bucket: string,
  objects: Iterable<readonly [key: string, body: Uint8Array | string]>,
): Promise<void> {
  const left = objects[Symbol.iterator]();
  const putSome = async () => {
    for (let next = left.next(); !next.done; next = left.next()) {
      const [key, body] = next.value;
      await client.putObject({ Bucket: bucket, Key: key, Body: body });
    }
  };
  await Promise.all(Array.from({ length: putsAtOnce }, putSome));
}
