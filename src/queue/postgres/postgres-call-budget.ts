import type { Pool } from 'pg';
import type { CallBudget } from '../../account/make-call.ts';

const CREATE_TABLE = `
SELECT pg_advisory_xact_lock(7265836412);
CREATE SCHEMA IF NOT EXISTS rollcall;
CREATE TABLE IF NOT EXISTS rollcall.calls_taken (run text PRIMARY KEY, taken bigint NOT NULL)`;

const TAKE = `
INSERT INTO rollcall.calls_taken AS kept (run, taken) VALUES ($1, 1)
ON CONFLICT (run) DO UPDATE SET taken = kept.taken + 1 WHERE kept.taken < $2
RETURNING taken`;

const RAISE = `
INSERT INTO rollcall.calls_taken AS kept (run, taken) VALUES ($1, $2)
ON CONFLICT (run) DO UPDATE SET taken = greatest(kept.taken, excluded.taken)
RETURNING taken::double precision AS taken`;

export async function ensureCallBudgetTable(pool: Pool): Promise<void> {
  await pool.query(CREATE_TABLE);
}

export function createPostgresCallBudget(pool: Pool): CallBudget {
  return {
    take: async (runId, most) => (await pool.query(TAKE, [runId, most])).rowCount === 1,
    async raise(runId, least) {
      const { rows } = await pool.query<{ taken: number }>(RAISE, [runId, least]);
      return rows[0]?.taken ?? least;
    },
  };
}
