import { getDefaultBackendFactory } from 'bullmq';
import { keyPrefix } from '../bullmq-settings.ts';
import type { QueueBackend } from '../queue.ts';
import { createQueueBackend } from '../queue-backend.ts';
import { connectRedis } from './connect-redis.ts';
import { createRedisAccountStore } from './redis-account-store.ts';
import { createRedisCallBudget } from './redis-call-budget.ts';
import { createRedisJobTable } from './redis-job-table.ts';
import { createRedisLeaseStore } from './redis-lease-store.ts';
import { createRedisPresenceStore } from './redis-presence-store.ts';
import { refuseEviction } from './refuse-eviction.ts';

/** Opens the queue on a Redis server, by one connection that all share; workers add one of their own for waiting. */
export async function openRedisQueue(url: string, onError: (error: Error) => void): Promise<QueueBackend> {
  const redis = await connectRedis(url, onError);
  try {
    await refuseEviction(redis, url, onError);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  return createQueueBackend({
    kind: 'redis',
    store: {
      connection: redis,
      backendFactory: getDefaultBackendFactory(),
      jobs: createRedisJobTable(redis),
      makeRoomForWorker: () => () => undefined,
    },
    accounts: createRedisAccountStore(redis, keyPrefix),
    leases: createRedisLeaseStore(redis),
    callBudget: createRedisCallBudget(redis),
    presence: createRedisPresenceStore(redis),
    onError,
    async closeStore() {
      // A polite QUIT would wait for a server that is away.
      if (redis.status === 'ready') await redis.quit().catch(() => undefined);
      redis.disconnect();
    },
  });
}
