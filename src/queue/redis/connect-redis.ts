import { Cluster, Redis } from 'ioredis';
import { FaultError } from '../../util/errors.ts';
import { withoutPassword } from '../queue-address.ts';
import { parseRedisAddress, type RedisAddress } from './redis-address.ts';

/** A connection to one server, to whoever is the master behind sentinels, or to all masters of a Cluster. */
export type RedisClient = Redis | Cluster;

const connectTimeoutInMs = 10_000;
const longestPauseInMs = 2_000;

/** A Cluster that elects a new master needs some seconds: commands are sent again so often, with this pause. */
const redirections = 1_000;
const redirectionPauseInMs = 100;

/** Replies of a server that is no longer the master; 2 makes the client reconnect, to the new master, and send again. */
const formerMaster = /^(READONLY|UNBLOCKED|MASTERDOWN)/;

/**
 * A connection on which commands wait while the server is away. A server that is not there at the start is an error
 * at once; each later outage is reported to `onError` once.
 */
export async function connectRedis(url: string, onError: (error: Error) => void): Promise<RedisClient> {
  let isOpen = false;
  let isAway = false;
  let lastError: Error | undefined;
  const retryStrategy = (times: number) => (isOpen ? Math.min(times * 100, longestPauseInMs) : null);
  const redis = createClient(parseRedisAddress(url), retryStrategy);
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

function createClient(address: RedisAddress, retryStrategy: (times: number) => number | null): RedisClient {
  const { kind, nodes, username, password, tls, db } = address;
  const common = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls }),
    maxRetriesPerRequest: null,
    connectTimeout: connectTimeoutInMs,
  };
  if (kind === 'cluster') {
    return new Cluster([...nodes], {
      lazyConnect: true,
      redisOptions: common,
      clusterRetryStrategy: retryStrategy,
      maxRedirections: redirections,
      retryDelayOnFailover: redirectionPauseInMs,
      retryDelayOnClusterDown: redirectionPauseInMs,
      slotsRefreshTimeout: connectTimeoutInMs,
      // The names in a certificate are those of the hosts, not of what a look-up makes of them.
      ...(tls && { dnsLookup: (host, callback) => callback(null, host) }),
    });
  }
  const options = {
    ...common,
    db: db ?? 0,
    lazyConnect: true,
    retryStrategy,
    reconnectOnError: (error: Error) => (formerMaster.test(error.message) ? (2 as const) : false),
  };
  return new Redis(
    kind === 'sentinel'
      ? { ...options, ...behindSentinels(address, retryStrategy) }
      : { ...options, ...nodes[0] },
  );
}

function behindSentinels(address: RedisAddress, sentinelRetryStrategy: (times: number) => number | null) {
  const { nodes, masterName, sentinelUsername, sentinelPassword, tls } = address;
  return {
    sentinels: [...nodes],
    sentinelRetryStrategy,
    ...(masterName !== undefined && { name: masterName }),
    ...(sentinelUsername !== undefined && { sentinelUsername }),
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
  };
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
