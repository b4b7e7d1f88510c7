import type { Pool } from 'pg';
import type { PresenceStore } from '../queue.ts';
import { storable } from '../storable.ts';

const CREATE_TABLE = `
SELECT pg_advisory_xact_lock(7265836412);
CREATE SCHEMA IF NOT EXISTS rollcall;
CREATE TABLE IF NOT EXISTS rollcall.presence (
  kind text NOT NULL,
  name text NOT NULL,
  notice jsonb NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (kind, name)
)`;

/** Removes what has expired on the way. */
const ANNOUNCE = `
WITH expired AS (
  DELETE FROM rollcall.presence WHERE expires_at < clock_timestamp() AND (kind, name) <> ($1, $2)
)
INSERT INTO rollcall.presence (kind, name, notice, expires_at)
VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4::double precision / 1000))
ON CONFLICT (kind, name) DO UPDATE SET notice = excluded.notice, expires_at = excluded.expires_at`;

const LIST = `SELECT notice FROM rollcall.presence WHERE kind = $1 AND expires_at > clock_timestamp() ORDER BY name`;

const WITHDRAW = `DELETE FROM rollcall.presence WHERE kind = $1 AND name = $2`;

export async function ensurePresenceTable(pool: Pool): Promise<void> {
  await pool.query(CREATE_TABLE);
}

export function createPostgresPresenceStore(pool: Pool): PresenceStore {
  return {
    async announce({ kind, name, registration, durationInMs }) {
      await pool.query(ANNOUNCE, [kind, name, JSON.stringify(storable(registration)), durationInMs]);
    },
    async withdraw({ kind, name }) {
      await pool.query(WITHDRAW, [kind, name]);
    },
    async list(kind) {
      const { rows } = await pool.query<{ notice: unknown }>(LIST, [kind]);
      return rows.map((row) => row.notice);
    },
  };
}
