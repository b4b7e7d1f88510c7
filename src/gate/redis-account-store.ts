import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { AccountStore } from './account-store.ts';
import { changeState } from './change-state.ts';
import { compareAndSet, postponeSlots, readAccount, reserveSlots } from './redis-account-scripts.ts';
import { createStateReader } from './state-reader.ts';

const reservedSchema = z.tuple([
  z.coerce.number(),
  z.number(),
  z.coerce.number(),
  z.number(),
  z.coerce.number(),
  z.string(),
]);
const readSchema = z.tuple([z.coerce.number(), z.string(), z.string()]);

/** Accounts in Redis, each a hash `<prefix>:account:<account>`. The connection stays the caller's. */
export function createRedisAccountStore(redis: Redis, prefix: string): AccountStore {
  const readState = createStateReader();
  const run = (script: string, account: string, ...args: (string | number)[]): Promise<unknown> =>
    runScript(redis, script, `${prefix}:account:${account}`, args);

  async function readVersion(account: string) {
    const [now, version, text] = readSchema.parse(await run(readAccount, account));
    return { now, version, state: readState(account, text) };
  }

  return {
    async reserve({ account, slots, intervalInMs, aheadInMs }) {
      const reply = await run(reserveSlots, account, slots, intervalInMs, aheadInMs);
      const [now, granted, firstAt, firstNumber, retryInMs, text] = reservedSchema.parse(reply);
      return { now, granted, firstAt, firstNumber, retryInMs, state: readState(account, text) };
    },
    async postpone({ account, until, slot }) {
      await run(postponeSlots, account, until, ...(slot ? [slot.number, slot.intervalInMs] : []));
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
  redis: Redis,
  script: string,
  key: string,
  args: (string | number)[],
): Promise<unknown> {
  const sha = shaOf.get(script) ?? createHash('sha1').update(script).digest('hex');
  shaOf.set(script, sha);
  try {
    return await redis.evalsha(sha, 1, key, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return await redis.eval(script, 1, key, ...args);
  }
}
