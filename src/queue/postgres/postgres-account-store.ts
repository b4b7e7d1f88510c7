import type { Pool } from 'pg';
import { z } from 'zod';
import type { AccountStore } from '../../account/account-store.ts';
import { withRetry } from '../../util/with-retry.ts';
import { changeState, createStateReader } from '../stored-account-state.ts';

/** Milliseconds since the epoch, by the server's clock, at the moment of the question. */
export const nowInMs = '(extract(epoch FROM clock_timestamp()) * 1000)::double precision';

/** Goes by another name when it changes, so that processes of two versions get on with each other. */
export const reserveFunction = 'rollcall.reserve_slots_3';

/**
 * `calls` are the times of the last slots' calls, the last one being that of slot `last_number`; null: not used.
 *
 * The function locks the row before it reads the clock, so that a wait for the lock makes no slot old. Slots need not
 * survive a crash of the server (a rate limiter sees it when their numbers go back), so nothing waits for the disk. Should the
 * clock be set back, the line moves back with it. It returns nothing for an account that has no row.
 *
 * At a high rate the times are many: they are not compressed (a table of another user stays as it is), changed in a
 * variable of their own, where a note does not copy them all, sorted only if they may fill a window, and left out a second
 * after they can be part of one. (A slot that is used 100 ms late is the latest of which there is a note.)
 */
export const createSchema = `
CREATE SCHEMA IF NOT EXISTS rollcall;
CREATE TABLE IF NOT EXISTS rollcall.account (
  account text PRIMARY KEY,
  last_at double precision NOT NULL DEFAULT 0,
  last_number bigint NOT NULL DEFAULT 0,
  not_before double precision NOT NULL,
  calls double precision[] NOT NULL DEFAULT '{}',
  version bigint NOT NULL DEFAULT 0,
  state text NOT NULL DEFAULT ''
) WITH (fillfactor = 50);
DO $$
BEGIN
  ALTER TABLE rollcall.account ALTER COLUMN calls SET STORAGE EXTERNAL;
EXCEPTION WHEN insufficient_privilege THEN NULL;
END
$$;
CREATE OR REPLACE FUNCTION ${reserveFunction}(
  which text, slots int, most int, span double precision, even double precision, fast double precision,
  ahead double precision, noted bigint[], noted_at double precision[]
) RETURNS TABLE (now double precision, next_number double precision, retry_in double precision, state text,
  times double precision[])
LANGUAGE plpgsql AS $function$
<<reserve>>
DECLARE
  held rollcall.account%ROWTYPE;
  calls double precision[];
  latest double precision[] := '{}';
  room double precision;
  behind double precision;
  next_at double precision;
  place bigint;
  given int := 0;
  not_before_kept double precision;
  set_back double precision;
  kept_from int;
BEGIN
  SELECT * INTO held FROM rollcall.account AS kept WHERE kept.account = which FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM set_config('synchronous_commit', 'off', true);
  now := ${nowInMs};
  times := '{}';
  calls := held.calls;
  not_before_kept := held.not_before;
  set_back := held.last_at - now;
  IF set_back > 1000 THEN
    held.last_at := now;
    held.not_before := held.not_before - set_back;
    calls := ARRAY(
      SELECT CASE WHEN call IS NOT NULL THEN least(call - set_back, now) END
      FROM unnest(calls) WITH ORDINALITY AS known (call, number) ORDER BY number
    );
  END IF;
  held.not_before := least(held.not_before, now + 300000);
  FOR note IN 1 .. cardinality(noted) LOOP
    place := noted[note] - held.last_number + cardinality(calls);
    IF place BETWEEN 1 AND cardinality(calls) THEN
      calls[place] := CASE WHEN noted_at[note] IS NOT NULL THEN least(noted_at[note], now + 1000) END;
    END IF;
  END LOOP;
  IF cardinality(calls) + slots >= most THEN
    latest := ARRAY(
      SELECT call FROM unnest(calls) AS call WHERE call IS NOT NULL ORDER BY call DESC LIMIT most
    );
  END IF;
  LOOP
    room := coalesce(span + CASE WHEN most <= given THEN times[given - most + 1] ELSE latest[most - given] END, 0);
    behind := held.last_at + even - room;
    next_at := greatest(now, held.not_before, room,
      held.last_at + CASE WHEN behind > 0 AND behind <= span / 2 THEN fast ELSE even END);
    EXIT WHEN given >= slots OR next_at > now + ahead;
    held.last_at := next_at;
    times := times || next_at;
    given := given + 1;
  END LOOP;
  held.last_number := held.last_number + given;
  calls := calls || times;
  kept_from := greatest(1, cardinality(calls) - greatest(100, 2 * most) + 1);
  WHILE kept_from <= cardinality(calls) AND coalesce(calls[kept_from] < now - span - 1000, true) LOOP
    kept_from := kept_from + 1;
  END LOOP;
  calls := calls[kept_from:];
  IF given > 0 OR cardinality(noted) > 0 OR held.not_before <> not_before_kept THEN
    UPDATE rollcall.account AS kept
    SET last_at = held.last_at, last_number = held.last_number, not_before = held.not_before, calls = reserve.calls
    WHERE kept.account = which;
  END IF;
  next_number := held.last_number + 1;
  retry_in := greatest(0, next_at - now - ahead);
  state := held.state;
  RETURN NEXT;
END
$function$;
`;

const addAccount = `
INSERT INTO rollcall.account (account, not_before) VALUES ($1, ${nowInMs} + 1000) ON CONFLICT DO NOTHING`;

const reserveSlots = {
  name: 'rollcall-reserve',
  text: `
SELECT now, next_number AS "nextNumber", retry_in AS "retryInMs", state, times
FROM ${reserveFunction}($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
};

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

/** Creates what the store needs, unless it is there: a user who may not create is fine once another user did. */
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

  /** The account's row as the statement returns it; an account that is not there yet is added. */
  async function rowOf(
    statement: { readonly text: string; readonly name?: string },
    account: string,
    values: readonly unknown[] = [],
  ): Promise<unknown> {
    await ensure();
    for (;;) {
      const { rows } = await pool.query<object>({ ...statement, values: [account, ...values] });
      if (rows[0]) return rows[0];
      await pool.query(addAccount, [account]);
    }
  }

  async function readVersion(account: string) {
    const { now, version, state } = readSchema.parse(await rowOf({ text: readAccount }, account));
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
