import { z } from 'zod';
import { keyPrefix } from '../bullmq-settings.ts';
import type { JobTable } from '../bullmq-store.ts';
import type { FinishedJob } from '../queue.ts';
import type { RedisClient } from './connect-redis.ts';
import {
  ACTIVE,
  COUNTS,
  EXPIRE_LOCKS,
  FINISHED,
  IDS,
  KEEP_LATEST,
  REMOVE_FINISHED,
  REMOVE_REMAINS,
} from './redis-job-scripts.ts';

const text = z.string().nullable();
const finishedRows = z.array(
  z.tuple([z.string(), z.enum(['completed', 'failed']), z.coerce.number(), text, text, text]),
);
const countsReply = z.tuple([z.number(), z.number(), z.number(), z.number()]);
const idLists = z.array(z.array(z.string()));
const activeRows = z.array(z.tuple([z.string(), z.string()]));

type FinishedRow = z.infer<typeof finishedRows>[number];

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
        .map(toFinishedJob);
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

function toFinishedJob([id, state, , data, returnValue, failedReason]: FinishedRow): FinishedJob {
  const reason = state === 'failed' && failedReason !== null ? { failedReason } : {};
  return { id, data: parsed(data), state, returnValue: parsed(returnValue), ...reason };
}

function parsed(json: string | null): unknown {
  return json === null ? null : JSON.parse(json);
}
