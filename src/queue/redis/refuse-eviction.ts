import { Cluster, type Redis } from 'ioredis';
import { UsageError } from '../../util/errors.ts';
import { withoutPassword } from '../server-address.ts';
import type { RedisClient } from './connect-redis.ts';

/**
 * A server that throws keys away when its memory is full would throw photos away: it is refused. Of a Cluster every
 * master is asked. Where this user may ask neither INFO nor CONFIG, `onUnknown` is told.
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
        'this user may ask Redis neither CONFIG GET nor INFO: see to it that its maxmemory-policy is noeviction, or ' +
          'queued photos may be thrown away',
      ),
    );
  }
  const policy = policies.find((found) => found !== undefined && found !== 'noeviction');
  if (policy === undefined) return;
  throw new UsageError(
    'queue-evicts',
    `The Redis server ${withoutPassword(url)} (--queue, ROLLCALL_QUEUE) has maxmemory-policy ${policy}: when its ` +
      'memory is full it would throw queued photos away. Run "CONFIG SET maxmemory-policy noeviction" on it and put ' +
      'the line "maxmemory-policy noeviction" into its redis.conf, or use another server.',
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
