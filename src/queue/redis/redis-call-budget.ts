import type { CallBudget } from '../../account/make-call.ts';
import { keyPrefix } from '../bullmq-settings.ts';
import type { RedisClient } from './redis-client.ts';

const HEAD = `local taken = tonumber(redis.call('GET', KEYS[1]) or 0)`;

/** ARGV: most. */
const TAKE = `${HEAD}
if taken >= tonumber(ARGV[1]) then return 0 end
redis.call('INCR', KEYS[1])
return 1`;

/** ARGV: least. */
const RAISE = `${HEAD}
local raised = math.max(taken, tonumber(ARGV[1]))
redis.call('SET', KEYS[1], raised)
return raised`;

export function createRedisCallBudget(redis: RedisClient): CallBudget {
  const run = (script: string, runId: string, ...args: number[]): Promise<unknown> =>
    redis.eval(script, 1, `${keyPrefix}:calls-taken:${runId}`, ...args);
  return {
    take: async (runId, most) => (await run(TAKE, runId, most)) === 1,
    raise: async (runId, least) => Number(await run(RAISE, runId, least)),
  };
}
