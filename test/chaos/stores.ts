import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { openEmbeddedPostgres } from '../../src/queue/embedded/open-embedded-postgres.ts';
import { serverFiles } from '../../src/queue/embedded/server-files.ts';
import { openSocketFolder } from '../../src/util/socket-folder.ts';
import { giveQueue } from '../helpers/embedded-queue.ts';
import { startTestRedis } from '../helpers/redis-server.ts';

/** The store behind a queue, to be hurt while runs go on. */
export interface Store {
  readonly name: StoreName;
  /** For `--queue`. */
  readonly queue: string;
  /** Forgets everything: jobs, leases, the account's pace. */
  wipe(): Promise<void>;
  /** `kill -9`. The embedded server is started again by whoever uses it. */
  kill(): Promise<void>;
  /** Ends it as an administrator would. */
  stop(): Promise<void>;
  /** Brings a server back that is not embedded. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export type StoreName = 'embedded' | 'redis';
export const storeNames: readonly StoreName[] = ['embedded', 'redis'];

export function openStore(name: StoreName, stateFolder: string): Promise<Store> {
  return name === 'redis' ? openRedisStore() : openEmbeddedStore(stateFolder);
}

async function openRedisStore(): Promise<Store> {
  const server = await startTestRedis();
  return {
    name: 'redis',
    queue: server.url,
    kill: server.kill,
    start: server.start,
    async stop() {
      const redis = new Redis(server.url, { retryStrategy: null });
      redis.on('error', () => undefined);
      await redis.shutdown().catch(() => undefined);
      redis.disconnect();
    },
    close: server.close,
    async wipe() {
      await server.ask('FLUSHALL');
    },
  };
}

async function openEmbeddedStore(stateFolder: string): Promise<Store> {
  const files = serverFiles(join(stateFolder, 'queue'));
  await giveQueue(stateFolder);
  return {
    name: 'embedded',
    queue: 'embedded',
    async kill() {
      const content = await readFile(join(files.data, 'postmaster.pid'), 'utf8');
      process.kill(Number.parseInt(content, 10), 'SIGKILL');
    },
    async start() {},
    async stop() {
      const content = await readFile(join(files.data, 'postmaster.pid'), 'utf8');
      process.kill(Number.parseInt(content, 10), 'SIGINT');
    },
    async wipe() {
      const { path: host } = await openSocketFolder(files.data);
      const client = new pg.Client({ host, user: 'rollcall', database: 'postgres' });
      await client.connect();
      try {
        const { rows } = await client.query<{ name: string }>(
          `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
           WHERE schemaname IN ('bullmq', 'rollcall') AND tablename NOT LIKE '%migration%'`,
        );
        await truncate(client, rows);
      } finally {
        await client.end();
      }
    },
    async close() {
      // What was killed left its server running: who leaves last stops it.
      const member = await openEmbeddedPostgres({ folder: files.folder });
      await member.close();
    },
  };
}

/** The runs that go on lock the same tables one by one: whom the server chooses to end a deadlock with begins again. */
async function truncate(client: pg.Client, tables: readonly { name: string }[]): Promise<void> {
  try {
    await client.query(`TRUNCATE ${tables.map((table) => table.name).join(', ')}`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== deadlockDetected) throw error;
    await truncate(client, tables);
  }
}

const deadlockDetected = '40P01';
