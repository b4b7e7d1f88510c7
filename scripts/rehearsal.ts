import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { buildApp } from 'fauxqs';
import { startEngineServer } from '../test/helpers/engine-server.ts';
import { type DemoArchive, makeDemoArchive } from './demo-archive.ts';

/**
 * What docker-compose.yml has in place of a vendor's: `engine` (the test suite's server, which follows OOTO's page and
 * does not look at faces) and `store` (S3, in memory) serve until they are stopped; `photos` fills the buckets once, and
 * `secrets` makes the passwords that the others find as files.
 * Meant for a network of containers of their own: both servers listen on all addresses.
 */
const host = '0.0.0.0';
const enginePort = 8787;
const storePort = 4566;
const secretsFolder = '/run/secrets';
const archiveBucket = 'archive';
const stateBucket = 'rollcall';

const parts: Readonly<Record<string, () => Promise<void>>> = {
  engine: serveEngine,
  store: serveStore,
  photos: fillBuckets,
  secrets: makeSecrets,
};
const name = process.argv[2] ?? '';
const part = parts[name];
if (!part) throw new Error(`"${name}" is none of ${Object.keys(parts).join(', ')}`);
await part();

async function serveEngine(): Promise<void> {
  const engine = await startEngineServer({ host, port: enginePort, latencyInMs: [150, 400] });
  const { groups, unlucky } = await makeArchive();
  for (const photo of groups) engine.script(photo, 'code-6');
  for (const photo of unlucky) engine.script(photo, '503x2');
  console.log(`An engine that follows OOTO's page listens on port ${enginePort}.`);
  process.once('SIGTERM', () => void engine.close());
}

async function serveStore(): Promise<void> {
  const store = buildApp({ logger: false });
  await store.listen({ host, port: storePort });
  console.log(`An S3 store in memory listens on port ${storePort}.`);
  process.once('SIGTERM', () => void store.close());
}

/** Bucket and credentials come from the environment, as for every client of S3. */
async function fillBuckets(): Promise<void> {
  const { folder, photos } = await makeArchive();
  const client = new S3Client({ forcePathStyle: true });
  for (const Bucket of [archiveBucket, stateBucket]) await client.send(new CreateBucketCommand({ Bucket }));
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const { parentPath, name: fileName } of files.filter((entry) => entry.isFile())) {
    const path = join(parentPath, fileName);
    const Key = `photos/${path.slice(folder.length + 1)}`;
    await client.send(new PutObjectCommand({ Bucket: archiveBucket, Key, Body: await readFile(path) }));
  }
  client.destroy();
  console.log(`${photos} photos in s3://${archiveBucket}/photos/`);
}

/** Once: what is there was made before, and is in use. Readable for all who see the volume, since they are different users. */
async function makeSecrets(): Promise<void> {
  const password = randomBytes(24).toString('hex');
  const files = {
    'redis.conf': `requirepass ${password}`,
    queue: `redis://:${password}@redis:6379`,
    'rollcall-serve-token': randomBytes(24).toString('hex'),
  };
  if ((await readdir(secretsFolder)).length > 0) return;
  for (const [file, text] of Object.entries(files)) await writeFile(join(secretsFolder, file), `${text}\n`);
}

function makeArchive(): Promise<DemoArchive> {
  return makeDemoArchive(resolve('demo-data', 'photos'));
}
