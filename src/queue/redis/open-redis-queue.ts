import { getDefaultBackendFactory } from 'bullmq';
import { Cluster, type Redis } from 'ioredis';
import { UsageError } from '../../util/errors.ts';
import { keyPrefix } from '../bullmq-settings.ts';
import type { QueueBackend } from '../queue.ts';
import { withoutPassword } from '../queue-address.ts';
import { createQueueBackend } from '../queue-backend.ts';
import { connectRedis, type RedisClient } from './connect-redis.ts';
import { createRedisAccountStore } from './redis-account-store.ts';
import { createRedisCallBudget } from './redis-call-budget.ts';
import { createRedisJobTable } from './redis-job-table.ts';
import { createRedisLeaseStore } from './redis-lease-store.ts';
import { createRedisPresenceStore } from './redis-presence-store.ts';

/** Opens the queue on a Redis server, with one connection that all share; each worker adds one of its own for waiting. */
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

/**
 * Refuses a server that evicts keys when its memory is full: it would throw photos away. Of a Cluster every
 * master is asked. Where this user may use neither INFO nor CONFIG, `onUnknown` is called.
 */
export async function refuseEviction(
  redis: RedisClient,
  url: string,
  onUnknown: (error: Error) => void,
): Promise<void> {
  const servers = redis instanceof Cluster ? redis.nodes('master') : [redis];
  const policies = await Promise.all(
    servers.map(async (server) => (await policyByInfo(server)) ?? (await policyByConfig(server))),
  );
  if (policies.includes(undefined)) {
    onUnknown(
      new Error(
        'this user may run neither CONFIG GET nor INFO on Redis: make sure that its maxmemory-policy is noeviction, or ' +
          'queued photos may be evicted',
      ),
    );
  }
  const policy = policies.find((found) => found !== undefined && found !== 'noeviction');
  if (policy === undefined) return;
  throw new UsageError(
    'queue-evicts',
    `The Redis server ${withoutPassword(url)} (--queue, ROLLCALL_QUEUE) has maxmemory-policy ${policy}: when its ` +
      'memory is full it would evict queued photos. Run "CONFIG SET maxmemory-policy noeviction" on it and put ' +
      'the line "maxmemory-policy noeviction" in its redis.conf, or use another server.',
  );
}

async function policyByConfig(redis: Redis): Promise<string | undefined> {
  const reply: unknown = await redis.config('GET', 'maxmemory-policy').catch(() => undefined);
  return Array.isArray(reply) && typeof reply[1] === 'string' ? reply[1] : undefined;
}

async function policyByInfo(redis: Redis): Promise<string | undefined> {
  const text = await redis.info('memory').catch(() => '');
  return /^maxmemory_policy:(\S+)/m.exec(text)?.[1];
}
