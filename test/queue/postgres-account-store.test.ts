import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgresQueue } from '../../src/queue/postgres/open-postgres-queue.ts';
import {
  createPostgresAccountStore,
  ensureAccountTable,
  nowInMs,
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
    setBack: async (account, byInMs) =>
      void (await server.pool.query(
        `UPDATE rollcall.account SET last_at = last_at + $2, not_before = not_before + $2,
           calls = ARRAY(SELECT call + $2 FROM unnest(calls) AS call) WHERE account = $1`,
        [account, byInMs],
      )),
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

  it('forget calls that no window holds any more, and no other', async () => {
    const store = createPostgresAccountStore(server.pool);
    const account = 'many-calls';
    const windowInMs = 60_000;
    const spacing = { calls: 2_000, windowInMs, evenInMs: 1, fastInMs: 1 };
    await store.reserve({ account, slots: 0, spacing, aheadInMs: 0, notes: [] });
    // Numbers 1 to 3,000: the former two thirds, each third of them unused, lie behind the window, the others in it.
    await server.pool.query(
      `UPDATE rollcall.account SET not_before = 0, last_number = 3000, calls = ARRAY(
         SELECT CASE WHEN number % 3 = 0 AND number <= 2000 THEN NULL ELSE
           ${nowInMs} - CASE WHEN number <= 2000 THEN 90000 ELSE 1000 END END
         FROM generate_series(1, 3000) AS number ORDER BY number)
       WHERE account = $1`,
      [account],
    );
    const notes = [{ number: 2_500, sentAt: undefined }];
    const { slots } = await store.reserve({ account, slots: 10, spacing, aheadInMs: 50, notes });
    expect(slots.map(({ number }) => number)).toEqual(
      Array.from({ length: 10 }, (_, place) => 3_001 + place),
    );
    const { rows } = await server.pool.query(
      'SELECT cardinality(calls) AS kept, calls[500] AS unused, calls[501] AS used FROM rollcall.account WHERE account = $1',
      [account],
    );
    expect(rows).toEqual([{ kept: 1_010, unused: null, used: expect.any(Number) }]);
    // 1,009 of the 2,000 that the window may hold are in it.
    const rest = { spacing: { ...spacing, calls: 1_011 }, aheadInMs: 500, notes: [] };
    expect((await store.reserve({ account, slots: 10, ...rest })).slots).toHaveLength(2);
  });

  it('makes its table once, whoever comes first', async () => {
    await server.pool.query('DROP SCHEMA rollcall CASCADE');
    await Promise.all(Array.from({ length: 8 }, () => ensureAccountTable(server.pool)));
    const store = createPostgresAccountStore(server.pool);
    expect((await store.read('new')).state.pause).toBeNull();
  });
});
