import { join } from 'node:path';
import pg from 'pg';
import { openEmbeddedPostgres } from '../../src/queue/embedded/open-embedded-postgres.ts';
import { giveQueue } from './embedded-queue.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

export interface TestPostgres {
  readonly pool: pg.Pool;
  /** Ends the pool and the server and removes its folder. */
  close(): Promise<void>;
}

/** A PostgreSQL of the test's own. */
export async function openTestPostgres(): Promise<TestPostgres> {
  const folder = await makeTemporaryFolder();
  await giveQueue(folder.path);
  const server = await openEmbeddedPostgres({ folder: join(folder.path, 'queue') });
  const pool = new pg.Pool({ ...server.connection, max: 10 });
  // A client that is being closed may still be told that the server ends.
  pool.on('connect', (client) => void client.on('error', () => undefined));
  return {
    pool,
    async close() {
      await pool.end();
      await server.close();
      await folder.remove();
    },
  };
}
