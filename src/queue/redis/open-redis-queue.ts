import { getDefaultBackendFactory } from 'bullmq';
import { keyPrefix } from '../bullmq-settings.ts';
import type { QueueBackend } from '../queue.ts';
import { createQueueBackend } from '../queue-backend.ts';
import { type ConnectOptions, connectRedis } from './connect-redis.ts';
import { createRedisAccountStore } from './redis-account-store.ts';
import { createRedisCallBudget } from './redis-call-budget.ts';
import { watchEviction } from './redis-eviction.ts';
import { createRedisJobTable } from './redis-job-table.ts';
import { createRedisLeaseStore } from './redis-lease-store.ts';
import { createRedisPresenceStore } from './redis-presence-store.ts';

/** Opens the queue on a Redis server, with one connection that all share; each worker adds one of its own for waiting. */
export async function openRedisQueue(url: string, options: ConnectOptions): Promise<QueueBackend> {
  const { onError } = options;
  const redis = await connectRedis(url, options);
  const endWatch = watchEviction(redis, { url, onNotice: onError });
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
      endWatch();
      // A polite QUIT would wait for a server that is away.
      if (redis.status === 'ready') await redis.quit().catch(() => undefined);
      redis.disconnect();
    },
  });
}
