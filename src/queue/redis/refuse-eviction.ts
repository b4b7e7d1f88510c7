import type { Redis } from 'ioredis';
import { UsageError } from '../../errors.ts';
import { withoutPassword } from '../server-address.ts';

/** A server that throws keys away when its memory is full would throw photos away: it is refused. */
export async function refuseEviction(redis: Redis, url: string): Promise<void> {
  const policy = (await policyByConfig(redis)) ?? (await policyByInfo(redis));
  if (policy === undefined || policy === 'noeviction') return;
  throw new UsageError(
    'queue-evicts',
    `The Redis server ${withoutPassword(url)} (--queue, ROLLCALL_QUEUE) has maxmemory-policy ${policy}: when its ` +
      'memory is full it would throw queued photos away. Run "CONFIG SET maxmemory-policy noeviction" on it and put ' +
      'the line "maxmemory-policy noeviction" into its redis.conf, or use another server.',
  );
}

/** Undefined where a hosted server does not allow CONFIG. */
async function policyByConfig(redis: Redis): Promise<string | undefined> {
  const reply: unknown = await redis.config('GET', 'maxmemory-policy').catch(() => undefined);
  return Array.isArray(reply) && typeof reply[1] === 'string' ? reply[1] : undefined;
}

async function policyByInfo(redis: Redis): Promise<string | undefined> {
  const text = await redis.info('memory').catch(() => '');
  return /^maxmemory_policy:(\S+)/m.exec(text)?.[1];
}
