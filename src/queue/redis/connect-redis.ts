import { Redis } from 'ioredis';
import { FaultError, RollcallError } from '../../util/errors.ts';
import { withinTime } from '../../util/time-limit.ts';
import { withoutPassword } from '../queue-address.ts';
import { checkRedis } from './check-redis.ts';
import { greetServer } from './greet-server.ts';
import { parseRedisAddress, type RedisAddress } from './redis-address.ts';
import { createRedisClient, type RedisClient } from './redis-client.ts';
import { fault, faultOfGreeting, faultOfReply } from './redis-faults.ts';

const longestPauseInMs = 2_000;

/** How long a server may take to accept a connection or to answer, at the start. */
const patienceInMs = 5_000;
/** A replica is spoken of again when it still is one after so long. */
const readOnlyAgainInMs = 60_000;

export interface ConnectOptions {
  /** Each later outage, once; and what is waited for at the start. */
  readonly onError: (error: Error) => void;
  /** Ends the waiting for a server at the start. */
  readonly signal: AbortSignal;
}

/**
 * A connection on which commands wait while the server is away. A server that is not there at the start, or that cannot hold
 * queues, is an error within seconds that names its cause: it is checked over a connection of its own, which stays until
 * the lasting one is there, since a worker needs another one, too.
 */
export async function connectRedis(url: string, options: ConnectOptions): Promise<RedisClient> {
  const address = parseRedisAddress(url);
  const { onError, signal } = options;
  const scout = createRedisClient(address, {
    retryStrategy: () => null,
    db: 0,
    commandTimeout: patienceInMs,
  });
  try {
    await open(scout, signal);
    const { db = 0, kind } = address;
    const checks = checkRedis(scout, { url, db, isOneServer: kind === 'server', onNotice: onError, signal });
    await withinTime(checks, { signal });
    return await connectForGood(url, address, options);
  } catch (error) {
    throw signal.aborted || error instanceof RollcallError ? error : await explain(url, address, error);
  } finally {
    scout.disconnect();
  }
}

async function connectForGood(
  url: string,
  address: RedisAddress,
  { onError, signal }: ConnectOptions,
): Promise<RedisClient> {
  let isOpen = false;
  let isAway = false;
  const retryStrategy = (times: number) => (isOpen ? Math.min(times * 100, longestPauseInMs) : null);
  const onReadOnly = address.kind === 'server' ? tellNowAndThen(url, onError) : () => undefined;
  const redis = createRedisClient(address, { retryStrategy, db: address.db ?? 0, onReadOnly });
  redis.setMaxListeners(0);
  // Each command that a replica refuses listens for the end of the connection.
  if (redis instanceof Redis) redis.on('connect', () => redis.stream.setMaxListeners(0));
  redis.on('ready', () => {
    isAway = false;
  });
  redis.on('error', (error: Error) => {
    if (isOpen && !isAway) onError(error);
    isAway = true;
  });
  try {
    await open(redis, signal);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  isOpen = true;
  return redis;
}

/** @throws what the connection met: its last error says more than that it was closed */
async function open(redis: RedisClient, signal: AbortSignal): Promise<void> {
  let lastError: Error | undefined;
  redis.on('error', (error: Error) => {
    lastError = error;
  });
  try {
    await withinTime(
      redis.connect().then(() => redis.ping().catch(passOver)),
      { limitInMs: patienceInMs, signal },
    );
  } catch (error) {
    throw signal.aborted ? error : (lastError ?? error);
  }
}

/** A server that is loading answers; what it waits for is found out afterwards. */
function passOver(error: Error): void {
  if (!/^(LOADING|BUSYLOADING)/.test(error.message)) throw error;
}

/** A master that became a replica: commands are sent again until it is a master, which nobody would notice. */
function tellNowAndThen(url: string, onError: (error: Error) => void): () => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - toldAt < readOnlyAgainInMs) return;
    toldAt = performance.now();
    onError(
      fault(
        url,
        'queue-read-only',
        'has become a read-only replica. Waiting until it is the master again; to go on with another one, interrupt and ' +
          'name the master, or sentinels (redis+sentinel://).',
      ),
    );
  };
}

/** Asks who is there, where Redis itself did not say what is wrong. */
async function explain(url: string, address: RedisAddress, error: unknown): Promise<RollcallError> {
  const known = faultOfReply(url, error);
  if (known) return known;
  const [node] = address.nodes;
  const greeting = node && saysNothing(error) ? await greetServer(node, address.tls) : undefined;
  return (greeting && faultOfGreeting(url, greeting)) ?? unreachable(url, error);
}

/** Whether an error does not say why, as one does of Redis, of the network or of a certificate. */
function saysNothing(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code === undefined) return error.name !== 'ReplyError';
  return /^(ECONNRESET|EPIPE|EPROTO|ERR_SSL)/.test(code);
}

function unreachable(url: string, cause: unknown): FaultError {
  return new FaultError(
    'queue-unreachable',
    `The queue ${withoutPassword(url)} (--queue, ROLLCALL_QUEUE) cannot be reached: ${reasonOf(cause)}`,
    { cause },
  );
}

/** Of a Cluster the last node's own reason says more than that none could be asked. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { lastNodeError } = cause as { lastNodeError?: unknown };
  return lastNodeError instanceof Error ? reasonOf(lastNodeError) : cause.message || String(cause);
}
