import { Cluster, type Redis } from 'ioredis';
import type { UsageError } from '../../util/errors.ts';
import type { RedisClient } from './redis-client.ts';
import { misuse } from './redis-faults.ts';

interface EvictionOptions {
  readonly url: string;
  /** What begins, or could not be found out. */
  readonly onNotice: (notice: Error) => void;
}

/**
 * Refuses a server that evicts keys when its memory is full: it would throw photos away. Of a Cluster every master is
 * asked. Where it cannot be found out, `onNotice` is told.
 */
export async function refuseEviction(redis: RedisClient, { url, onNotice }: EvictionOptions): Promise<void> {
  const policies = await readPolicies(redis);
  if (policies.includes(undefined)) {
    onNotice(
      new Error(
        'Redis does not say what its maxmemory-policy is: make sure that it is noeviction, or queued photos may be evicted',
      ),
    );
  }
  const evicting = evictingPolicy(policies);
  if (evicting) throw evicts(url, evicting);
}

const evictingPolicy = (policies: readonly (string | undefined)[]) =>
  policies.find((found) => found !== undefined && found !== 'noeviction');

function evicts(url: string, policy: string): UsageError {
  return misuse(
    url,
    'queue-evicts',
    `has maxmemory-policy ${policy}: when its memory is full it would evict queued photos. Run "CONFIG SET ` +
      'maxmemory-policy noeviction" on it and put the line "maxmemory-policy noeviction" in its redis.conf, or use ' +
      'another server.',
  );
}

async function readPolicies(redis: RedisClient): Promise<(string | undefined)[]> {
  const servers = redis instanceof Cluster ? redis.nodes('master') : [redis];
  return Promise.all(
    servers.map(async (server) => (await policyByInfo(server)) ?? (await policyByConfig(server))),
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

const lookAgainInMs = 30_000;

/**
 * Looks again and again whether the policy was changed, and tells each time that it begins to evict: the run goes on, since
 * what is evicted is found to be missing and added again, but calls whose outcome was evicted are made once more.
 * @returns what ends it
 */
export function watchEviction(
  redis: RedisClient,
  { url, onNotice, everyInMs = lookAgainInMs }: EvictionOptions & { everyInMs?: number },
): () => void {
  let known: string | undefined;
  const look = async () => {
    const evicting = evictingPolicy(await readPolicies(redis));
    if (evicting !== undefined && evicting !== known) onNotice(evicts(url, evicting));
    known = evicting;
  };
  // A server that is away is told of by the connection.
  const timer = setInterval(() => void look().catch(() => undefined), everyInMs).unref();
  return () => clearInterval(timer);
}
