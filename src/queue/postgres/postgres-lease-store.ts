import type { Pool } from 'pg';
import type { LeaseStore } from '../../account/lease-store.ts';

/** The lock keeps two processes that start together from creating the same thing at once. */
const CREATE_TABLE = `
SELECT pg_advisory_xact_lock(7265836412);
CREATE SCHEMA IF NOT EXISTS rollcall;
CREATE TABLE IF NOT EXISTS rollcall.lease (
  key text PRIMARY KEY,
  holder text,
  epoch bigint NOT NULL,
  expires_at timestamptz NOT NULL
)`;

const UNTIL = `clock_timestamp() + make_interval(secs => $3::double precision / 1000)`;

/** The row stays when the lease is given back: it remembers the epoch. */
const ACQUIRE = `
INSERT INTO rollcall.lease AS kept (key, holder, epoch, expires_at) VALUES ($1, $2, $4::bigint + 1, ${UNTIL})
ON CONFLICT (key) DO UPDATE
SET holder = excluded.holder, epoch = greatest(kept.epoch, $4::bigint) + 1, expires_at = ${UNTIL}
WHERE kept.holder IS NULL OR kept.holder IN ($2, $5) OR kept.expires_at <= clock_timestamp()
RETURNING epoch::double precision AS epoch`;

const HELD = `
SELECT holder, (extract(epoch FROM expires_at - clock_timestamp()) * 1000)::double precision AS "expiresInMs"
FROM rollcall.lease WHERE key = $1 AND holder IS NOT NULL AND expires_at > clock_timestamp()`;

/** A row with a lower epoch belongs to a store that was wiped, or put back from a copy. */
const RENEW = `
INSERT INTO rollcall.lease AS kept (key, holder, epoch, expires_at) VALUES ($1, $2, $4, ${UNTIL})
ON CONFLICT (key) DO UPDATE SET holder = excluded.holder, epoch = excluded.epoch, expires_at = ${UNTIL}
WHERE (kept.epoch = excluded.epoch AND kept.holder = excluded.holder)
   OR (kept.epoch < excluded.epoch
       AND (kept.holder IS NULL OR kept.holder = excluded.holder OR kept.expires_at <= clock_timestamp()))
RETURNING epoch`;

const RELEASE = `
UPDATE rollcall.lease SET holder = NULL, expires_at = clock_timestamp()
WHERE key = $1 AND holder = $2 AND epoch = $3`;

interface Held {
  readonly holder: string;
  readonly expiresInMs: number;
}

export async function ensureLeaseTable(pool: Pool): Promise<void> {
  await pool.query(CREATE_TABLE);
}

export function createPostgresLeaseStore(pool: Pool): LeaseStore {
  async function heldNow(key: string): Promise<Held | undefined> {
    const { rows } = await pool.query<Held>(HELD, [key]);
    return rows[0];
  }

  return {
    async acquire({ key, holder, durationInMs, minEpoch, evict }) {
      for (;;) {
        const values = [key, holder, durationInMs, minEpoch, evict ?? null];
        const { rows } = await pool.query<{ epoch: number }>(ACQUIRE, values);
        if (rows[0] !== undefined) return { epoch: rows[0].epoch };
        const held = await heldNow(key);
        // Undefined: it came free in between.
        if (held !== undefined) return { heldBy: held.holder, expiresInMs: held.expiresInMs };
      }
    },
    async renew({ key, holder, epoch, durationInMs }) {
      const { rowCount } = await pool.query(RENEW, [key, holder, durationInMs, epoch]);
      return rowCount === 1;
    },
    async release({ key, holder, epoch }) {
      await pool.query(RELEASE, [key, holder, epoch]);
    },
    async holder(key) {
      return (await heldNow(key))?.holder;
    },
  };
}
