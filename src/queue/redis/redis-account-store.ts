import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AccountStore } from '../../account/account-store.ts';
import { changeState, createStateReader } from '../stored-account-state.ts';
import type { RedisClient } from './redis-client.ts';

/**
 * Per account a hash (`lastAt` and `lastNumber` of the last slot, `notBefore` for the next one, `state` and its
 * `version`) and a sorted set of slot numbers by the time of their call. The clock is the server's; should it be set
 * back, the line moves back with it.
 * Times leave a script as text: Redis cuts fractions off.
 */
const clock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local function text(number) return string.format('%.3f', number) end
`;

/** At least, so that a rate that is raised finds the calls of its window; a higher rate keeps as many as it has in one. */
const callsKept = 2000;

/**
 * Keys: the hash, the set. Arguments: slots, calls, window, even, fast, ahead, then number and time of each note (no
 * time: not used). Returns now, the next number, retryIn, the state and the slots' times.
 */
export const reserveSlots = `${clock}
local line, log = KEYS[1], KEYS[2]
local slots, calls, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local even, fast, ahead = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local held = redis.call('HMGET', line, 'lastAt', 'lastNumber', 'notBefore', 'state')
local lastAt, number, notBefore = tonumber(held[1] or 0), tonumber(held[2] or 0), tonumber(held[3] or 0)
local setBack = lastAt - now
if setBack > 1000 then
  lastAt, notBefore = now, notBefore - setBack
  local known = redis.call('ZRANGE', log, 0, -1, 'WITHSCORES')
  for place = 1, #known, 2 do
    redis.call('ZADD', log, text(math.min(known[place + 1] - setBack, now)), known[place])
  end
end
if not held[1] then notBefore = math.max(notBefore, now + 1000) end
notBefore = math.min(notBefore, now + 300000)
if text(notBefore) ~= held[3] then redis.call('HSET', line, 'lastAt', text(lastAt), 'notBefore', text(notBefore)) end
for place = 7, #ARGV, 2 do
  if ARGV[place + 1] == '' then redis.call('ZREM', log, ARGV[place])
  else redis.call('ZADD', log, 'XX', text(math.min(ARGV[place + 1], now + 1000)), ARGV[place]) end
end
local function findNext()
  local call = redis.call('ZREVRANGE', log, calls - 1, calls - 1, 'WITHSCORES')
  local room = call[2] and call[2] + window or 0
  local behind = lastAt + even - room
  local isCatchingUp = behind > 0 and behind <= window / 2
  return math.max(now, notBefore, room, lastAt + (isCatchingUp and fast or even))
end
local times = {}
local nextAt = findNext()
while #times < slots and nextAt <= now + ahead do
  lastAt, number = nextAt, number + 1
  times[#times + 1] = text(nextAt)
  redis.call('ZADD', log, text(nextAt), number)
  nextAt = findNext()
end
if #times > 0 then
  redis.call('HSET', line, 'lastAt', text(lastAt), 'lastNumber', number)
  redis.call('ZREMRANGEBYRANK', log, 0, -math.max(${callsKept}, calls) - 1)
end
return { text(now), number + 1, text(math.max(0, nextAt - now - ahead)), held[4] or '', times }
`;

/** Key: the hash. Argument: until. */
export const postponeSlots = `
if tonumber(ARGV[1]) > tonumber(redis.call('HGET', KEYS[1], 'notBefore') or 0) then
  redis.call('HSET', KEYS[1], 'notBefore', ARGV[1])
end
return 0
`;

/** Key: the hash. Returns now, version, state. */
export const readAccount = `${clock}
local held = redis.call('HMGET', KEYS[1], 'version', 'state')
return { text(now), held[1] or '0', held[2] or '' }
`;

/** Key: the hash. Arguments: the version that was read, the new state. Returns 1, or 0 if another process came between. */
export const compareAndSet = `
if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1] + 1, 'state', ARGV[2])
return 1
`;

const reservedSchema = z.tuple([
  z.coerce.number(),
  z.number(),
  z.coerce.number(),
  z.string(),
  z.array(z.coerce.number()),
]);
const readSchema = z.tuple([z.coerce.number(), z.string(), z.string()]);

/** Accounts in Redis, each two keys, `<prefix>:account:<account>` and `<prefix>:calls:<account>`. The connection stays the caller's. */
export function createRedisAccountStore(redis: RedisClient, prefix: string): AccountStore {
  const readState = createStateReader();
  const run = (script: string, account: string, ...args: (string | number)[]): Promise<unknown> =>
    runScript(redis, script, [`${prefix}:account:${account}`, `${prefix}:calls:${account}`], args);

  async function readVersion(account: string) {
    const [now, version, text] = readSchema.parse(await run(readAccount, account));
    return { now, version, state: readState(account, text) };
  }

  return {
    async reserve({ account, slots, spacing, aheadInMs, notes }) {
      const { calls, windowInMs, evenInMs, fastInMs } = spacing;
      const noted = notes.flatMap(({ number, sentAt }) => [number, sentAt ?? '']);
      const args = [slots, calls, windowInMs, evenInMs, fastInMs, aheadInMs, ...noted];
      const reply = reservedSchema.parse(await run(reserveSlots, account, ...args));
      const [now, nextNumber, retryInMs, text, times] = reply;
      const first = nextNumber - times.length;
      const reserved = times.map((at, place) => ({ number: first + place, at }));
      return { now, slots: reserved, nextNumber, retryInMs, state: readState(account, text) };
    },
    async postpone({ account, until }) {
      await run(postponeSlots, account, until);
    },
    change: (account, change) =>
      changeState(change, {
        read: () => readVersion(account),
        write: async (version, text) => (await run(compareAndSet, account, version, text)) === 1,
      }),
    async read(account) {
      const { state, now } = await readVersion(account);
      return { state, now };
    },
  };
}

const shaOf = new Map<string, string>();

async function runScript(
  redis: RedisClient,
  script: string,
  keys: readonly string[],
  args: (string | number)[],
): Promise<unknown> {
  const sha = shaOf.get(script) ?? createHash('sha1').update(script).digest('hex');
  shaOf.set(script, sha);
  try {
    return await redis.evalsha(sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return await redis.eval(script, keys.length, ...keys, ...args);
  }
}
