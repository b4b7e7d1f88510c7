import { Cluster } from 'ioredis';
import { z } from 'zod';
import { keyPrefix } from '../bullmq-settings.ts';
import type { FinishedRow, JobTable } from '../bullmq-store.ts';
import { isChunk } from '../chunk.ts';
import type { RedisClient } from './redis-client.ts';
import {
  ACTIVE,
  CHUNKS,
  COUNTS,
  EXISTING,
  EXPIRE_LOCKS,
  FINISHED,
  IDS,
  KEEP_LATEST,
  RECORD,
  REMOVE_FINISHED,
  REMOVE_REMAINS,
  REPAIR,
} from './redis-job-scripts.ts';

const text = z.string().nullable();
const finishedRows = z.array(
  z.tuple([
    z.string(),
    z.enum(['completed', 'failed']),
    z.coerce.number(),
    text,
    text,
    text,
    z.array(z.string()),
  ]),
);
const chunkRows = z.array(
  z.tuple([z.string(), z.enum(['waiting', 'active', 'finished']), z.string(), z.array(z.string())]),
);
const countsReply = z.tuple([z.number(), z.number(), z.number(), z.number()]);
const idLists = z.array(z.array(z.string()));
const repairReply = z.tuple([z.number(), z.array(z.string())]);
const activeRows = z.array(z.tuple([z.string(), z.string()]));

type StoredRow = z.infer<typeof finishedRows>[number];

export function createRedisJobTable(redis: RedisClient): JobTable {
  const run = (
    script: string,
    queueName: string,
    args: readonly (string | number)[] = [],
  ): Promise<unknown> => redis.eval(script, 1, `${keyPrefix}:${queueName}:`, ...args);

  return {
    async finished(queueName, limit) {
      const rows = finishedRows.parse(await run(FINISHED, queueName, [limit]));
      return rows
        .sort((a, b) => a[2] - b[2])
        .slice(0, limit)
        .map(toFinishedRow);
    },
    async chunks(queueName, which) {
      const found = which === 'all' ? await findChunks(redis, `${keyPrefix}:${queueName}:`) : [];
      const rows = chunkRows.parse(await run(CHUNKS, queueName, [which, ...found]));
      return rows.map(([id, state, data, records]) => ({ id, state, data: parsed(data), records }));
    },
    async record(queueName, lines) {
      const args = lines.flatMap(({ id, line }) => [id, line]);
      await run(RECORD, queueName, args);
    },
    async removeFinished(queueName, ids) {
      await run(REMOVE_FINISHED, queueName, ids);
    },
    async keepLatest(queueName, count) {
      await run(KEEP_LATEST, queueName, [count]);
    },
    async counts(queueName) {
      const [waiting, active, delayed, finished] = countsReply.parse(await run(COUNTS, queueName));
      return { waiting, active, delayed, finished };
    },
    async ids(queueName) {
      return idLists.parse(await run(IDS, queueName)).flat();
    },
    async existing(queueName, ids) {
      return z.array(z.string()).parse(await run(EXISTING, queueName, ids));
    },
    async repair(queueName, ids) {
      const [restored, lost] = repairReply.parse(await run(REPAIR, queueName, ids));
      return { restored, lost };
    },
    async active(queueName) {
      const rows = activeRows.parse(await run(ACTIVE, queueName));
      return rows.map(([id, workerName]) => ({ id, workerName }));
    },
    async expireLocks(queueName, jobs) {
      const args = jobs.flatMap((job) => [job.id, job.workerName]);
      return z.number().parse(await run(EXPIRE_LOCKS, queueName, args));
    },
    async removeRemains(queueName) {
      await run(REMOVE_REMAINS, queueName);
    },
  };
}

/** Ids of chunks by their own keys, whatever became of the lists that name them. */
async function findChunks(redis: RedisClient, prefix: string): Promise<string[]> {
  const servers = redis instanceof Cluster ? redis.nodes('master') : [redis];
  const ids = new Set<string>();
  for (const server of servers)
    for await (const keys of server.scanStream({ match: `${prefix}*x*`, count: keysAtOnce }))
      for (const key of keys as string[]) {
        const id = key.slice(prefix.length);
        if (isChunk(id)) ids.add(id);
      }
  return [...ids];
}

/** A server with a million keys is looked through in a second or two, a millisecond at a time. */
const keysAtOnce = 1_000;

function toFinishedRow([id, state, , data, returnValue, failedReason, records]: StoredRow): FinishedRow {
  const reason = state === 'failed' && failedReason !== null ? { failedReason } : {};
  return { id, data: parsed(data), state, returnValue: parsed(returnValue), ...reason, records };
}

function parsed(json: string | null): unknown {
  return json === null ? null : JSON.parse(json);
}
