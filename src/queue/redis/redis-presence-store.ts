import { z } from 'zod';
import { keyPrefix } from '../bullmq-settings.ts';
import type { PresenceStore } from '../queue.ts';
import { storable } from '../storable.ts';
import type { RedisClient } from './redis-client.ts';

const HEAD = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)`;

/** One hash a kind: name → when it expires, a space, the registration. ARGV: name, duration, registration. */
const ANNOUNCE = `${HEAD}
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now + ARGV[2]) .. ' ' .. ARGV[3])
return 0`;

/** Returns the registrations, and removes what has expired. */
const LIST = `${HEAD}
local notices = {}
local held = redis.call('HGETALL', KEYS[1])
for i = 1, #held, 2 do
  local gap = string.find(held[i + 1], ' ', 1, true)
  if tonumber(string.sub(held[i + 1], 1, gap - 1)) > now then
    notices[#notices + 1] = string.sub(held[i + 1], gap + 1)
  else
    redis.call('HDEL', KEYS[1], held[i])
  end
end
return notices`;

const registrationsReply = z.array(z.string());

export function createRedisPresenceStore(redis: RedisClient): PresenceStore {
  const keyOf = (kind: string) => `${keyPrefix}:presence:${kind}`;
  return {
    async announce({ kind, name, registration, durationInMs }) {
      await redis.eval(
        ANNOUNCE,
        1,
        keyOf(kind),
        name,
        Math.ceil(durationInMs),
        JSON.stringify(storable(registration)),
      );
    },
    async withdraw({ kind, name }) {
      await redis.hdel(keyOf(kind), name);
    },
    async list(kind) {
      return registrationsReply.parse(await redis.eval(LIST, 1, keyOf(kind))).map((text) => JSON.parse(text));
    },
  };
}
