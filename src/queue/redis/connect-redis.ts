import { Redis } from 'ioredis';
import { FaultError } from '../../errors.ts';
import { withoutPassword } from '../server-address.ts';

const connectTimeoutInMs = 10_000;
const longestPauseInMs = 2_000;

/**
 * A connection on which commands wait while the server is away. A server that is not there at the start is an error
 * at once; each later outage is told to `onError` once.
 */
export async function connectRedis(url: string, onError: (error: Error) => void): Promise<Redis> {
  let isOpen = false;
  let isAway = false;
  let lastError: Error | undefined;
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    connectTimeout: connectTimeoutInMs,
    retryStrategy: (times) => (isOpen ? Math.min(times * 100, longestPauseInMs) : null),
  });
  redis.setMaxListeners(0);
  redis.on('ready', () => {
    isAway = false;
  });
  redis.on('error', (error: Error) => {
    lastError = error;
    if (isOpen && !isAway) onError(error);
    isAway = true;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (cause) {
    redis.disconnect();
    throw unreachable(url, lastError ?? cause);
  }
  isOpen = true;
  return redis;
}

function unreachable(url: string, cause: unknown): FaultError {
  const reason = cause instanceof Error ? cause.message || String(cause) : String(cause);
  return new FaultError(
    'queue-unreachable',
    `The queue ${withoutPassword(url)} (--queue, ROLLCALL_QUEUE) cannot be reached: ${reason}`,
    { cause },
  );
}
