import { Cluster, Redis } from 'ioredis';
import type { RedisAddress } from './redis-address.ts';
import { isReadOnlyReply } from './redis-faults.ts';

/** A connection to one server, to whoever is the master behind sentinels, or to all masters of a Cluster. */
export type RedisClient = Redis | Cluster;

const connectTimeoutInMs = 10_000;

/** A Cluster that elects a new master needs some seconds: commands are sent again so often, with this pause. */
const redirections = 1_000;
const redirectionPauseInMs = 100;

/** Replies of a server that is no longer the master; 2 makes the client reconnect, to the new master, and send again. */
const formerMaster = /^(READONLY|UNBLOCKED|MASTERDOWN)/;

export interface ClientOptions {
  readonly retryStrategy: (times: number) => number | null;
  /** The number of the database. Not for a Cluster. */
  readonly db: number;
  /**
   * For a connection that lasts: called when the server says that it is no master any more. The client connects again,
   * to the new master, and sends the command again. Without it, that reply is an error.
   */
  readonly onReadOnly?: () => void;
  /** For looking at a server: what it says while it loads is passed on, and each command has this time limit. */
  readonly commandTimeout?: number;
}

/** A client that connects when it is told to. */
export function createRedisClient(address: RedisAddress, options: ClientOptions): RedisClient {
  const { kind, nodes, username, password, tls } = address;
  const { retryStrategy, db, onReadOnly, commandTimeout } = options;
  const reconnectOnError = (error: Error) => {
    if (!onReadOnly || !formerMaster.test(error.message)) return false;
    if (isReadOnlyReply(error)) onReadOnly();
    return 2 as const;
  };
  const common = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls }),
    maxRetriesPerRequest: null,
    connectTimeout: connectTimeoutInMs,
    ...(commandTimeout !== undefined && { commandTimeout, enableReadyCheck: false }),
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
  const own = { ...common, db, lazyConnect: true, retryStrategy, reconnectOnError };
  return new Redis(
    kind === 'sentinel' ? { ...own, ...behindSentinels(address, retryStrategy) } : { ...own, ...nodes[0] },
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
