import type { Pool } from 'pg';
import type { ActiveJob, JobTable } from '../bullmq-store.ts';
import type { FinishedJob, JobCounts } from '../queue.ts';

const finishedOf = (state: 'completed' | 'failed') => `
(SELECT id, data, state::text AS state, return_value, failed_reason, finished_at_ms, seq FROM bullmq.job
 WHERE queue = $1 AND state = '${state}' ORDER BY finished_at_ms LIMIT $2)`;

const FINISHED = `
SELECT * FROM (${finishedOf('completed')} UNION ALL ${finishedOf('failed')}) AS finished
ORDER BY finished_at_ms, abs(seq) LIMIT $2`;

const REMOVE_FINISHED = `
DELETE FROM bullmq.job WHERE queue = $1 AND id = ANY($2) AND state IN ('completed', 'failed')`;

const KEEP_LATEST = `
DELETE FROM bullmq.job WHERE queue = $1 AND state = 'waiting' AND seq <=
  (SELECT seq FROM bullmq.job WHERE queue = $1 AND state = 'waiting' ORDER BY seq DESC OFFSET $2 LIMIT 1)`;

const COUNTS = `
SELECT count(*) FILTER (WHERE state = 'waiting')::int AS waiting,
  count(*) FILTER (WHERE state = 'active')::int AS active,
  count(*) FILTER (WHERE state = 'delayed')::int AS delayed,
  count(*) FILTER (WHERE state IN ('completed', 'failed'))::int AS finished
FROM bullmq.job WHERE queue = $1`;

const IDS = `SELECT id FROM bullmq.job WHERE queue = $1`;

/** A job is one row: it is there as a whole, or it is gone. */
const LOST = `
SELECT id FROM unnest($2::text[]) AS asked (id)
WHERE NOT EXISTS (SELECT FROM bullmq.job WHERE queue = $1 AND job.id = asked.id)`;

const ACTIVE = `
SELECT id, coalesce(processed_by, '') AS "workerName" FROM bullmq.job WHERE queue = $1 AND state = 'active'`;

/** What BullMQ's sweep looks for: an expired lock, a mark of an earlier sweep, and a sweep that is due. */
const EXPIRE_LOCKS = `
WITH sweep AS (DELETE FROM bullmq.meta WHERE queue = $1 AND field = 'stalled-check')
UPDATE bullmq.job SET locked_until_ms = 0, stalled_marked = true
FROM unnest($2::text[], $3::text[]) AS held (held_id, worker_name)
WHERE queue = $1 AND id = held_id AND state = 'active' AND processed_by = worker_name`;

/** A queue that lives has the field `version`. */
const REMOVE_REMAINS = `
WITH alive AS (SELECT FROM bullmq.meta WHERE queue = $1 AND field = 'version'),
events AS (DELETE FROM bullmq.event WHERE queue = $1 AND NOT EXISTS (SELECT FROM alive))
DELETE FROM bullmq.meta WHERE queue = $1 AND NOT EXISTS (SELECT FROM alive)`;

interface FinishedRow {
  readonly id: string;
  readonly data: unknown;
  readonly state: 'completed' | 'failed';
  readonly return_value: unknown;
  readonly failed_reason: string | null;
}

export function createPostgresJobTable(pool: Pool): JobTable {
  return {
    async finished(queueName, limit) {
      const { rows } = await pool.query<FinishedRow>(FINISHED, [queueName, limit]);
      return rows.map(toFinishedJob);
    },
    async removeFinished(queueName, ids) {
      await pool.query(REMOVE_FINISHED, [queueName, ids]);
    },
    async keepLatest(queueName, count) {
      await pool.query(KEEP_LATEST, [queueName, count]);
    },
    async counts(queueName) {
      const { rows } = await pool.query<JobCounts>(COUNTS, [queueName]);
      return rows[0] ?? { waiting: 0, active: 0, delayed: 0, finished: 0 };
    },
    async ids(queueName) {
      const { rows } = await pool.query<{ id: string }>(IDS, [queueName]);
      return rows.map((row) => row.id);
    },
    async repair(queueName, ids) {
      const { rows } = await pool.query<{ id: string }>(LOST, [queueName, ids]);
      return { restored: 0, lost: rows.map((row) => row.id) };
    },
    async active(queueName) {
      const { rows } = await pool.query<ActiveJob>(ACTIVE, [queueName]);
      return rows;
    },
    async expireLocks(queueName, jobs) {
      const ids = jobs.map((job) => job.id);
      const names = jobs.map((job) => job.workerName);
      const { rowCount } = await pool.query(EXPIRE_LOCKS, [queueName, ids, names]);
      return rowCount ?? 0;
    },
    async removeRemains(queueName) {
      await pool.query(REMOVE_REMAINS, [queueName]);
    },
  };
}

function toFinishedJob({ id, data, state, return_value, failed_reason }: FinishedRow): FinishedJob {
  const reason = state === 'failed' && failed_reason !== null ? { failedReason: failed_reason } : {};
  return { id, data, state, returnValue: return_value, ...reason };
}
