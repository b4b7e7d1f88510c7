import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgresQueue } from '../../src/queue/postgres/open-postgres-queue.ts';
import {
  createPostgresAccountStore,
  ensureAccountTable,
} from '../../src/queue/postgres/postgres-account-store.ts';
import { openTestPostgres, type TestPostgres } from '../helpers/embedded-postgres.ts';
import { accountStoreConformance } from './account-store-conformance.ts';

describe('accounts in PostgreSQL', () => {
  let server: TestPostgres;

  beforeAll(async () => {
    server = await openTestPostgres();
  });
  afterAll(() => server.close());

  accountStoreConformance(() => ({
    store: createPostgresAccountStore(server.pool),
    other: createPostgresAccountStore(server.pool),
  }));

  it('of a server that is read-only are refused with the cause', async () => {
    const { host, user, database } = server.pool.options;
    const config = { host, user, database, options: '-c default_transaction_read_only=on' };
    const opening = openPostgresQueue({
      kind: 'postgres',
      config,
      name: 'The queue',
      onError: () => undefined,
    });
    await expect(opening).rejects.toMatchObject({
      code: 'queue-read-only',
      exitCode: 4,
      message: expect.stringMatching(/^The queue is read-only: it is a standby/),
    });
  });

  it('makes its table once, whoever comes first', async () => {
    await server.pool.query('DROP SCHEMA rollcall CASCADE');
    await Promise.all(Array.from({ length: 8 }, () => ensureAccountTable(server.pool)));
    const store = createPostgresAccountStore(server.pool);
    expect((await store.read('new')).state.pause).toBeNull();
  });
});
