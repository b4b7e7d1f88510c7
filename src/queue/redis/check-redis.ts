import { setTimeout as delay } from 'node:timers/promises';
import { Cluster, type Redis } from 'ioredis';
import { keyPrefix } from '../bullmq-settings.ts';
import type { RedisClient } from './redis-client.ts';
import { refuseEviction } from './redis-eviction.ts';
import { fault, misuse, rightsMissing } from './redis-faults.ts';

export interface CheckOptions {
  readonly url: string;
  readonly db: number;
  /** Whether the address names one server, and not sentinels or a Cluster. */
  readonly isOneServer: boolean;
  /** What is waited for, and what could not be found out. */
  readonly onNotice: (notice: Error) => void;
  readonly signal: AbortSignal;
}

const longestLoadingInMs = 60_000;
const askAgainInMs = 500;

/** For 5,000 photos in flight and 10,000 dead letters, about 1 kB each. */
const leastMemoryInBytes = 16 * 1024 * 1024;

/**
 * Whether a server can hold queues: that it has loaded, has the database, is the master that the address names, lets this
 * user do what is needed, takes writes, and has memory that it does not free by throwing photos away.
 * @throws FaultError or UsageError that names the cause and what to do
 */
export async function checkRedis(redis: RedisClient, options: CheckOptions): Promise<void> {
  const { url, db } = options;
  await untilLoaded(redis, options);
  if (db !== 0 && !(redis instanceof Cluster)) await selectDatabase(redis, options);
  const infos = await readInfos(redis);
  for (const info of infos) checkPlace(info, options);
  const refused = await rightsRefused(redis);
  if (refused.length > 0) throw rightsMissing(url, refused);
  for (const info of infos) checkRoom(info, url);
  await refuseEviction(redis, options);
}

async function untilLoaded(redis: RedisClient, { url, onNotice, signal }: CheckOptions): Promise<void> {
  const endsAt = performance.now() + longestLoadingInMs;
  for (let tries = 0; ; tries += 1) {
    try {
      await redis.ping();
      return;
    } catch (error) {
      if (!(error instanceof Error) || !/^(LOADING|BUSYLOADING)/.test(error.message)) throw error;
      if (performance.now() >= endsAt) throw error;
      if (tries === 0)
        onNotice(fault(url, 'queue-loading', 'is still loading its data: waiting up to 60 s.'));
    }
    await delay(askAgainInMs, undefined, { signal });
  }
}

async function selectDatabase(redis: Redis, { url, db }: CheckOptions): Promise<void> {
  try {
    await redis.select(db);
  } catch (error) {
    if (!(error instanceof Error) || !/DB index|out of range/i.test(error.message)) throw error;
    throw misuse(
      url,
      'queue-address',
      `has no database ${db}, the number at the end of the address. It mostly has 16, from 0 to 15 (databases in its redis.conf).`,
    );
  }
}

type Info = Readonly<Record<string, string>>;

/** Of all masters; empty where this user may not ask. */
async function readInfos(redis: RedisClient): Promise<Info[]> {
  const servers = redis instanceof Cluster ? redis.nodes('master') : [redis];
  const texts = await Promise.all(
    servers.map((server) =>
      server.info().catch((error: Error) => {
        if (isRefusal(error)) return '';
        throw error;
      }),
    ),
  );
  return texts.map((text) =>
    Object.fromEntries(
      text.split(/\r?\n/).flatMap((line) => {
        const [, name, value] = /^(\w+):(.*)$/.exec(line) ?? [];
        return name === undefined || value === undefined ? [] : [[name, value]];
      }),
    ),
  );
}

function checkPlace(info: Info, { url, isOneServer }: CheckOptions): void {
  if (info.redis_mode === 'sentinel')
    throw misuse(
      url,
      'queue-address',
      'is a Sentinel, which knows the master and holds no data: use redis+sentinel://host:port/<name of the master>.',
    );
  if (isOneServer && info.redis_mode === 'cluster')
    throw misuse(
      url,
      'queue-address',
      'is a node of a Cluster: use redis+cluster:// with some of its nodes.',
    );
  if (info.role === 'slave') {
    const master =
      info.master_host === undefined ? 'its master' : `its master (${info.master_host}:${info.master_port})`;
    throw fault(
      url,
      'queue-read-only',
      `is a replica, and read-only: name ${master}, or let sentinels do so (redis+sentinel://).`,
    );
  }
}

function checkRoom(info: Info, url: string): void {
  const [most, used] = [Number(info.maxmemory ?? 0), Number(info.used_memory ?? 0)];
  const inMb = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  if (most > 0 && most - used < leastMemoryInBytes)
    throw fault(
      url,
      'queue-memory',
      `has too little memory left: maxmemory is ${inMb(most)}, ${inMb(used)} are used, and the photos in flight need up ` +
        `to ${inMb(leastMemoryInBytes)}. Raise maxmemory in its redis.conf (CONFIG SET maxmemory), or use another server.`,
    );
}

/** Redis 7 says it in another way where a script is refused. */
const isRefusal = (error: Error) => /NOPERM|ACL failure|can't (run|access)/i.test(error.message);

const probeKey = `${keyPrefix}:check`;
const probes: readonly (readonly [right: string, probe: (redis: RedisClient) => Promise<unknown>])[] = [
  ['INFO', (redis) => redis.info('server')],
  ['EVAL', (redis) => redis.eval('return 1', 1, probeKey)],
  ['EVALSHA', (redis) => redis.evalsha('0'.repeat(40), 1, probeKey)],
  ['TIME', (redis) => redis.eval("return redis.call('TIME')", 1, probeKey)],
  ['writing to keys {rollcall}:*', (redis) => redis.hset(probeKey, 'by', 'rollcall')],
  ['reading keys {rollcall}:*', (redis) => redis.hgetall(probeKey)],
  ['waiting (BZPOPMIN)', (redis) => redis.bzpopmin(`${keyPrefix}:check-wait`, 0.01)],
  ['streams (XTRIM)', (redis) => redis.xtrim(`${keyPrefix}:check-wait`, 'MAXLEN', 1)],
  ['removing keys {rollcall}:*', (redis) => redis.del(probeKey)],
];

/** Names what this user may not do. @throws what else Redis replies to a write: it is a replica, its memory is full */
async function rightsRefused(redis: RedisClient): Promise<string[]> {
  const refused: string[] = [];
  for (const [right, probe] of probes) {
    // Without EVAL nothing can be tried by it.
    if (right === 'TIME' && refused.includes('EVAL')) continue;
    try {
      await probe(redis);
    } catch (error) {
      if (!(error instanceof Error) || /^NOSCRIPT|timeout is not an integer/.test(error.message)) continue;
      if (!isRefusal(error)) throw error;
      refused.push(right);
    }
  }
  return refused;
}
