import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { isConnectionFault } from '../connection-fault.ts';

export interface PatientPool {
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

const pauseInMs = 200;
const connectionTimeoutInMs = 30_000;

/**
 * A pool whose queries and connects wait while the server is away and then try again, as ioredis does for Redis. So
 * nothing is failed by a server that crashed: not a job whose outcome could not be stored at first, and not a worker
 * that was opened at the wrong moment. What is asked here must therefore bear being done twice: a reply can be lost.
 * `onError` hears of each outage once. While the pool is closing nothing waits any more.
 */
export function openPatientPool(options: {
  config: pg.PoolConfig;
  onError: (error: Error) => void;
}): PatientPool {
  const pool = new pg.Pool({ connectionTimeoutMillis: connectionTimeoutInMs, ...options.config });
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  let isAway = false;
  // Idle connections that are cut; whoever needs the next one meets the fault himself.
  pool.on('error', () => undefined);
  pool.setMaxListeners(0);

  async function patiently<T>(action: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const result = await action();
        isAway = false;
        return result;
      } catch (error) {
        if (!(error instanceof Error) || !isConnectionFault(error)) throw error;
        if (closing.signal.aborted) throw asRefused(error);
        if (!isAway) options.onError(error);
        isAway = true;
        await delay(pauseInMs, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
  }

  const query = pool.query.bind(pool) as (text: string, values?: unknown[]) => Promise<pg.QueryResult>;
  const connect = pool.connect.bind(pool) as (callback?: ConnectCallback) => Promise<pg.PoolClient>;
  Object.assign(pool, {
    query: (text: string, values?: unknown[]) => patiently(() => query(text, values)),
    // The pool's own `query` comes here with a callback, and is patient already.
    connect: (callback?: ConnectCallback) =>
      callback === undefined ? patiently(() => connect()) : connect(callback),
  });
  return {
    pool,
    async close() {
      closing.abort();
      await pool.end();
    },
  };
}

type ConnectCallback = (error: Error | undefined, client: unknown, release: unknown) => void;

/** By this code BullMQ knows that a job is not to blame. */
function asRefused(cause: Error): Error {
  return Object.assign(new Error(cause.message, { cause }), { code: 'ECONNREFUSED' });
}
