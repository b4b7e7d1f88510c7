import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import pg, { type ClientConfig, type Pool } from 'pg';
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
ON CONFLICT (kind, name) DO UPDATE SET notice = excluded.notice, expires_at = excluded.expires_at
RETURNING xmax = 0 AS is_new`;

const channel = 'rollcall_runs';
const pauseAfterFaultInMs = 1_000;

const LIST = `SELECT notice FROM rollcall.presence WHERE kind = $1 AND expires_at > clock_timestamp() ORDER BY name`;

const WITHDRAW = `DELETE FROM rollcall.presence WHERE kind = $1 AND name = $2`;

export async function ensurePresenceTable(pool: Pool): Promise<void> {
  await pool.query(CREATE_TABLE);
}

export function createPostgresPresenceStore(pool: Pool, config: ClientConfig): PresenceStore {
  return {
    async announce({ kind, name, registration, durationInMs }) {
      const values = [kind, name, JSON.stringify(storable(registration)), durationInMs];
      const { rows } = await pool.query<{ is_new: boolean }>(ANNOUNCE, values);
      if (kind === 'run' && rows[0]?.is_new) await pool.query(`NOTIFY ${channel}`);
    },
    async withdraw({ kind, name }) {
      await pool.query(WITHDRAW, [kind, name]);
    },
    async list(kind) {
      const { rows } = await pool.query<{ notice: unknown }>(LIST, [kind]);
      return rows.map((row) => row.notice);
    },
    watchRuns: (onRun) => listen(config, onRun),
  };
}

/** With a connection of its own, since one of the pool is nobody's for long. */
function listen(config: ClientConfig, onRun: () => void): () => Promise<void> {
  const closing = new AbortController();
  const { signal } = closing;
  const listenOnce = async () => {
    const client = new pg.Client({ ...config, keepAlive: true });
    client.on('error', () => undefined);
    client.on('notification', onRun);
    const ended = once(client, 'end', { signal });
    ended.catch(() => undefined);
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
      await ended;
    } finally {
      await client.end();
    }
  };
  const listening = (async () => {
    while (!signal.aborted) {
      await listenOnce().catch(() => undefined);
      await delay(pauseAfterFaultInMs, undefined, { signal }).catch(() => undefined);
    }
  })();
  return async () => {
    closing.abort();
    await listening;
  };
}
