import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AccountStore } from '../../account/account-store.ts';
import { changeState } from '../change-state.ts';
import { createStateReader } from '../state-reader.ts';
import type { RedisClient } from './connect-redis.ts';
import { compareAndSet, postponeSlots, readAccount, reserveSlots } from './redis-account-scripts.ts';

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
