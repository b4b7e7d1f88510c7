import { setTimeout as delay } from 'node:timers/promises';
import { Cluster } from 'ioredis';
import { z } from 'zod';
import { keyPrefix } from '../bullmq-settings.ts';
import type { PresenceStore } from '../queue.ts';
import { storable } from '../storable.ts';
import type { RedisClient } from './redis-client.ts';

const HEAD = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)`;

/**
 * One hash a kind: name → when it expires, a space, the registration. ARGV: name, duration, registration. With a second key
 * what is new there is told to those who wait at it.
 */
const ANNOUNCE = `${HEAD}
local added = redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now + ARGV[2]) .. ' ' .. ARGV[3])
if KEYS[2] and added == 1 then redis.call('XADD', KEYS[2], 'MAXLEN', 1, '*', 'run', '') end
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
  const newsKey = keyOf('news');
  return {
    async announce({ kind, name, registration, durationInMs }) {
      const keys = kind === 'run' ? [keyOf(kind), newsKey] : [keyOf(kind)];
      await redis.eval(
        ANNOUNCE,
        keys.length,
        ...keys,
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
    watchRuns: (onRun) =>
      watchNews(redis instanceof Cluster ? redis.duplicate() : redis.duplicate(), { key: newsKey, onRun }),
  };
}

/** Longer than this no connection is silent: what lies between may cut one that is. */
const longestWaitInMs = 30_000;
const pauseAfterFaultInMs = 1_000;

const newsReply = z.tuple([z.tuple([z.string(), z.tuple([z.tuple([z.string(), z.unknown()])])])]).nullable();

/** Waits at a stream for what is added to it; a stream, since a user of Redis may read keys, but hear no channels. */
function watchNews(
  redis: RedisClient,
  { key, onRun }: { key: string; onRun: () => void },
): () => Promise<void> {
  const closing = new AbortController();
  redis.on('error', () => undefined);
  let seen = '$';
  const wait = async () => {
    const reply = newsReply.parse(await redis.xread('BLOCK', longestWaitInMs, 'STREAMS', key, seen));
    if (!reply) return;
    seen = reply[0][1][0][0];
    onRun();
  };
  const watching = (async () => {
    while (!closing.signal.aborted)
      await wait().catch(() =>
        delay(pauseAfterFaultInMs, undefined, { signal: closing.signal }).catch(() => {}),
      );
  })();
  return async () => {
    closing.abort();
    redis.disconnect();
    await watching;
  };
}
