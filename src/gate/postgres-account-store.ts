import type { Pool } from 'pg';
import { z } from 'zod';
import type { AccountStore } from './account-store.ts';
import { changeState } from './change-state.ts';
import { createStateReader } from './state-reader.ts';

const nowInMs = 'extract(epoch from clock_timestamp()) * 1000';

const createTable = `
CREATE SCHEMA IF NOT EXISTS rollcall;
CREATE TABLE IF NOT EXISTS rollcall.account (
  account text PRIMARY KEY,
  last_at double precision NOT NULL DEFAULT 0,
  last_number bigint NOT NULL DEFAULT 0,
  not_before double precision NOT NULL,
  version bigint NOT NULL DEFAULT 0,
  state text NOT NULL DEFAULT ''
) WITH (fillfactor = 50);
`;

const addAccount = `
INSERT INTO rollcall.account (account, not_before) VALUES ($1, ${nowInMs} + 1000) ON CONFLICT DO NOTHING`;

/**
 * The row is locked before the clock is read, so that a wait for the lock makes no slot old. Slots need not survive
 * a crash of the server (a gate notices when their numbers go back), so nobody waits for the disk.
 */
const reserveSlots = `
WITH held AS (
  SELECT *, set_config('synchronous_commit', 'off', true) FROM rollcall.account WHERE account = $1 FOR UPDATE
), clock AS (
  SELECT held.*, (${nowInMs})::double precision AS now FROM held
), next AS (
  SELECT *, greatest(now, least(last_at, now + 1000) + $3::double precision, least(not_before, now + 300000)) AS first_at
  FROM clock
), plan AS (
  SELECT *, least($2::bigint, floor((now + $4::double precision - first_at) / $3::double precision)::bigint + 1) AS slots FROM next
), given AS (
  SELECT *, greatest(slots, 0) AS granted FROM plan
)
UPDATE rollcall.account AS kept
SET last_number = given.last_number + given.granted,
    last_at = CASE WHEN given.granted > 0 THEN given.first_at + (given.granted - 1) * $3 ELSE given.last_at END
FROM given WHERE kept.account = given.account
RETURNING given.now, given.granted::int AS granted, given.first_at AS "firstAt",
  (given.last_number + 1)::double precision AS "firstNumber",
  greatest(0, given.first_at - given.now - $4) AS "retryInMs", given.state`;

const postponeSlots = `
UPDATE rollcall.account
SET not_before = greatest(not_before,
  $2::double precision - greatest(0, $3::double precision - last_number - 1) * $4::double precision)
WHERE account = $1`;

const readAccount = `SELECT ${nowInMs} AS now, version, state FROM rollcall.account WHERE account = $1`;

const compareAndSet = `
UPDATE rollcall.account SET state = $3, version = version + 1 WHERE account = $1 AND version = $2`;

const reservedSchema = z.object({
  now: z.number(),
  granted: z.number(),
  firstAt: z.number(),
  firstNumber: z.number(),
  retryInMs: z.number(),
  state: z.string(),
});
const readSchema = z.object({ now: z.coerce.number(), version: z.string(), state: z.string() });

/** Creates what the store needs, unless it is there: a user who may not create is fine once somebody did. */
export async function ensureAccountTable(pool: Pool): Promise<void> {
  for (let triesLeft = 3; ; triesLeft -= 1) {
    const { rows } = await pool.query<{ table: string | null }>(
      `SELECT to_regclass('rollcall.account')::text AS table`,
    );
    if (rows[0]?.table) return;
    try {
      await pool.query(createTable);
      return;
    } catch (error) {
      // IF NOT EXISTS does not keep two processes that start together from creating the same thing at once.
      if (triesLeft === 1 || !isRace(error)) throw error;
    }
  }
}

function isRace(error: unknown): boolean {
  const races = ['23505', '42P06', '42P07']; // unique_violation, duplicate_schema, duplicate_table
  return error instanceof Error && 'code' in error && races.includes(String(error.code));
}

/** Accounts in PostgreSQL, each a row of `rollcall.account`; the table is made on first use. The pool stays the caller's. */
export function createPostgresAccountStore(pool: Pool): AccountStore {
  const readState = createStateReader();
  let ensured: Promise<void> | undefined;

  async function ensure(): Promise<void> {
    ensured ??= ensureAccountTable(pool);
    try {
      await ensured;
    } catch (error) {
      ensured = undefined;
      throw error;
    }
  }

  /** The account's row as `sql` returns it; an account that is not there yet is added. */
  async function rowOf(sql: string, account: string, values: readonly unknown[] = []): Promise<unknown> {
    await ensure();
    for (;;) {
      const { rows } = await pool.query<object>(sql, [account, ...values]);
      if (rows[0]) return rows[0];
      await pool.query(addAccount, [account]);
    }
  }

  async function readVersion(account: string) {
    const { now, version, state } = readSchema.parse(await rowOf(readAccount, account));
    return { now, version, state: readState(account, state) };
  }

  return {
    async reserve({ account, slots, intervalInMs, aheadInMs }) {
      const row = reservedSchema.parse(await rowOf(reserveSlots, account, [slots, intervalInMs, aheadInMs]));
      return { ...row, state: readState(account, row.state) };
    },
    async postpone({ account, until, slot }) {
      await ensure();
      await pool.query(postponeSlots, [account, until, slot?.number ?? 0, slot?.intervalInMs ?? 0]);
    },
    change: (account, change) =>
      changeState(change, {
        read: () => readVersion(account),
        write: async (version, text) => {
          const { rowCount } = await pool.query(compareAndSet, [account, version, text]);
          return rowCount === 1;
        },
      }),
    async read(account) {
      const { state, now } = await readVersion(account);
      return { state, now };
    },
  };
}
