import type { Pool } from 'pg';
import type { ActiveJob, FinishedRow, JobTable } from '../bullmq-store.ts';
import type { FoundChunk } from '../chunk.ts';
import type { JobCounts } from '../queue.ts';

/** Ids of chunks end in how many photos they have. */
const isChunk = `id ~ 'x\\d+$'`;
const photosIn = `coalesce(substring(id from 'x(\\d+)$')::int, 1)`;
/** As JSON, which V8 reads; an array of PostgreSQL's is read letter by letter, which took 2 % of a run. */
const records = (job: string) =>
  `coalesce((SELECT json_agg(row ORDER BY idx) FROM bullmq.job_log
   WHERE job_log.queue = $1 AND job_log.job_id = ${job}.id), '[]')`;

const photosWhere = (condition: string) => `coalesce(sum(${photosIn}) FILTER (WHERE ${condition}), 0)::int`;

const finishedOf = (state: 'completed' | 'failed') => `
(SELECT id, data, state::text AS state, return_value, failed_reason, finished_at_ms, seq FROM bullmq.job
 WHERE queue = $1 AND state = '${state}' ORDER BY finished_at_ms LIMIT $2)`;

const FINISHED = `
SELECT id, data, state, return_value, failed_reason,
  CASE WHEN ${isChunk} THEN ${records('finished')} ELSE '[]' END AS records
FROM (${finishedOf('completed')} UNION ALL ${finishedOf('failed')}) AS finished
ORDER BY finished_at_ms, abs(seq) LIMIT $2`;

const CHUNKS = `
SELECT id, data, ${records('job')} AS records,
  CASE state WHEN 'active' THEN 'active' WHEN 'waiting' THEN 'waiting' ELSE 'finished' END AS state
FROM bullmq.job WHERE queue = $1 AND ${isChunk} AND ($2 = 'all' OR state = 'active')`;

const RECORD = `
INSERT INTO bullmq.job_log (queue, job_id, idx, row)
SELECT queue, id, nextval('bullmq.job_seq'), line
FROM bullmq.job JOIN unnest($2::text[], $3::text[]) AS given (job_id, line) ON id = job_id
WHERE queue = $1`;

const REMOVE_FINISHED = `
DELETE FROM bullmq.job WHERE queue = $1 AND id = ANY($2) AND state IN ('completed', 'failed')`;

const KEEP_LATEST = `
DELETE FROM bullmq.job WHERE queue = $1 AND state = 'waiting' AND seq <=
  (SELECT seq FROM bullmq.job WHERE queue = $1 AND state = 'waiting' ORDER BY seq DESC OFFSET $2 LIMIT 1)`;

const COUNTS = `
SELECT ${photosWhere("state = 'waiting'")} AS waiting, ${photosWhere("state = 'active'")} AS active,
  ${photosWhere("state = 'delayed'")} AS delayed, ${photosWhere("state IN ('completed', 'failed')")} AS finished
FROM bullmq.job WHERE queue = $1`;

const IDS = `SELECT id FROM bullmq.job WHERE queue = $1`;
const EXISTING = `${IDS} AND id = ANY($2)`;

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

interface StoredRow extends Pick<FinishedRow, 'id' | 'data' | 'state' | 'records'> {
  readonly return_value: unknown;
  readonly failed_reason: string | null;
}

/** By its name a connection parses a statement once, and soon plans it no more: for those that come many times a second. */
const prepared = (name: string, text: string, values: unknown[]) => ({
  name: `rollcall-${name}`,
  text,
  values,
});

export function createPostgresJobTable(pool: Pool): JobTable {
  return {
    async finished(queueName, limit) {
      const { rows } = await pool.query<StoredRow>(prepared('finished', FINISHED, [queueName, limit]));
      return rows.map(toFinishedRow);
    },
    async chunks(queueName, which) {
      const { rows } = await pool.query<FoundChunk>(CHUNKS, [queueName, which]);
      return rows;
    },
    async record(queueName, lines) {
      const [ids, texts] = [lines.map(({ id }) => id), lines.map(({ line }) => line)];
      await pool.query(prepared('record', RECORD, [queueName, ids, texts]));
    },
    async removeFinished(queueName, ids) {
      await pool.query(prepared('remove', REMOVE_FINISHED, [queueName, ids]));
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
    async existing(queueName, ids) {
      const { rows } = await pool.query<{ id: string }>(EXISTING, [queueName, ids]);
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

function toFinishedRow({ return_value, failed_reason, ...row }: StoredRow): FinishedRow {
  const reason = row.state === 'failed' && failed_reason !== null ? { failedReason: failed_reason } : {};
  return { ...row, returnValue: return_value, ...reason };
}
