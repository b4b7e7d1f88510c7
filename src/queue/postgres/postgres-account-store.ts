import type { Pool } from 'pg';
import { z } from 'zod';
import type { AccountStore } from '../../account/account-store.ts';
import { withRetry } from '../../util/with-retry.ts';
import { changeState } from '../change-state.ts';
import { createStateReader } from '../state-reader.ts';
import { createSchema, nowInMs, reserveFunction } from './postgres-account-schema.ts';

const addAccount = `
INSERT INTO rollcall.account (account, not_before) VALUES ($1, ${nowInMs} + 1000) ON CONFLICT DO NOTHING`;

const reserveSlots = `
SELECT now, next_number AS "nextNumber", retry_in AS "retryInMs", state, times
FROM ${reserveFunction}($1, $2, $3, $4, $5, $6, $7, $8, $9)`;

const postponeSlots = 'UPDATE rollcall.account SET not_before = greatest(not_before, $2) WHERE account = $1';

const readAccount = `SELECT ${nowInMs} AS now, version, state FROM rollcall.account WHERE account = $1`;

const compareAndSet = `
UPDATE rollcall.account SET state = $3, version = version + 1 WHERE account = $1 AND version = $2`;

const reservedSchema = z.object({
  now: z.number(),
  nextNumber: z.number(),
  retryInMs: z.number(),
  state: z.string(),
  times: z.array(z.number()),
});
const readSchema = z.object({ now: z.coerce.number(), version: z.string(), state: z.string() });

/** Creates what the store needs, unless it is there: a user who may not create is fine once somebody did. */
export async function ensureAccountTable(pool: Pool): Promise<void> {
  const ensure = async () => {
    const { rows } = await pool.query<{ found: string | null }>(
      `SELECT to_regproc('${reserveFunction}')::text AS found`,
    );
    if (!rows[0]?.found) await pool.query(createSchema);
  };
  // IF NOT EXISTS does not keep two processes that start together from creating the same thing at once.
  await withRetry(ensure, {
    pauseInMs: (error, failures) => (failures < tries && isRace(error) ? 0 : undefined),
  });
}

const tries = 3;

function isRace(error: unknown): boolean {
  // unique_violation, duplicate_schema, duplicate_table, tuple concurrently updated
  const races = ['23505', '42P06', '42P07', 'XX000'];
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
    async reserve({ account, slots, spacing, aheadInMs, notes }) {
      const { calls, windowInMs, evenInMs, fastInMs } = spacing;
      const noted = [notes.map((note) => note.number), notes.map((note) => note.sentAt ?? null)];
      const values = [slots, calls, windowInMs, evenInMs, fastInMs, aheadInMs, ...noted];
      const row = reservedSchema.parse(await rowOf(reserveSlots, account, values));
      const { now, nextNumber, retryInMs, state, times } = row;
      const first = nextNumber - times.length;
      const reserved = times.map((at, place) => ({ number: first + place, at }));
      return { now, slots: reserved, nextNumber, retryInMs, state: readState(account, state) };
    },
    async postpone({ account, until }) {
      await ensure();
      await pool.query(postponeSlots, [account, until]);
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
