import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

  it('makes its table once, whoever comes first', async () => {
    await server.pool.query('DROP SCHEMA rollcall CASCADE');
    await Promise.all(Array.from({ length: 8 }, () => ensureAccountTable(server.pool)));
    const store = createPostgresAccountStore(server.pool);
    expect((await store.read('new')).state.pause).toBeNull();
  });
});
