import { z } from 'zod';
import type { LeaseStore } from '../../account/lease-store.ts';
import { keyPrefix } from '../bullmq-settings.ts';
import type { RedisClient } from './redis-client.ts';

/** The key outlives the lease: it remembers the epoch. */
const memoryInMs = 90 * 24 * 3_600_000;

const HEAD = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local kept = redis.call('HMGET', KEYS[1], 'holder', 'epoch', 'expiresAt')
local holder, epoch, expiresAt = kept[1] or '', tonumber(kept[2] or 0), tonumber(kept[3] or 0)
local function keep(newHolder, newEpoch, duration)
  redis.call('HSET', KEYS[1], 'holder', newHolder, 'epoch', newEpoch, 'expiresAt', now + duration)
  redis.call('PEXPIRE', KEYS[1], ${memoryInMs} + duration)
end`;

/** ARGV: holder, duration, lowest epoch, holder to evict or ''. */
const ACQUIRE = `${HEAD}
local isFree = holder == '' or expiresAt <= now or holder == ARGV[1] or holder == ARGV[4]
if not isFree then return {holder, expiresAt - now} end
local given = math.max(epoch, tonumber(ARGV[3])) + 1
keep(ARGV[1], given, tonumber(ARGV[2]))
return {'', given}`;

/** ARGV: holder, duration, epoch. A lower epoch belongs to a store that was wiped, or put back from a copy. */
const RENEW = `${HEAD}
local own = tonumber(ARGV[3])
local isOwn = holder == ARGV[1] and epoch == own
local isForgotten = epoch < own and (holder == '' or holder == ARGV[1] or expiresAt <= now)
if not (isOwn or isForgotten) then return 0 end
keep(ARGV[1], own, tonumber(ARGV[2]))
return 1`;

/** ARGV: holder, epoch. */
const RELEASE = `${HEAD}
if holder == ARGV[1] and epoch == tonumber(ARGV[2]) then keep('', epoch, 0) end
return 0`;

const HOLDER = `${HEAD}
return expiresAt > now and holder or ''`;

const acquireReply = z.tuple([z.string(), z.number()]);

export function createRedisLeaseStore(redis: RedisClient): LeaseStore {
  const run = (script: string, key: string, args: readonly (string | number)[]): Promise<unknown> =>
    redis.eval(script, 1, `${keyPrefix}:lease:${key}`, ...args);

  return {
    async acquire({ key, holder, durationInMs, minEpoch, evict }) {
      const reply = await run(ACQUIRE, key, [holder, durationInMs, minEpoch, evict ?? '']);
      const [heldBy, number] = acquireReply.parse(reply);
      return heldBy === '' ? { epoch: number } : { heldBy, expiresInMs: number };
    },
    async renew({ key, holder, epoch, durationInMs }) {
      return (await run(RENEW, key, [holder, durationInMs, epoch])) === 1;
    },
    async release({ key, holder, epoch }) {
      await run(RELEASE, key, [holder, epoch]);
    },
    async holder(key) {
      const holder = await run(HOLDER, key, []);
      return typeof holder === 'string' && holder !== '' ? holder : undefined;
    },
  };
}
