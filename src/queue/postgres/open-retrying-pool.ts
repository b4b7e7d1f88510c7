import { setMaxListeners } from 'node:events';
import pg from 'pg';
import { withRetry } from '../../util/with-retry.ts';
import { isConnectionFault } from '../connection-fault.ts';

export interface RetryingPool {
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

const pauseInMs = 200;
/** Faults that follow each other within this time belong to one outage. */
const outageInMs = 5_000;
const longestPauseAfterCollisionInMs = 20;
const connectionTimeoutInMs = 30_000;

/**
 * A pool whose queries and connects wait while the server is away and then try again, as ioredis does for Redis. So
 * nothing is failed by a server that crashed: not a job whose outcome could not be stored at first, and not a worker
 * that was opened at the wrong moment. What is asked here must therefore bear being done twice: a reply can be lost.
 * `onError` hears of each outage once. While the pool is closing nothing waits any more.
 */
export function openRetryingPool(options: {
  config: pg.PoolConfig;
  onError: (error: Error) => void;
}): RetryingPool {
  const pool = new pg.Pool({ connectionTimeoutMillis: connectionTimeoutInMs, ...options.config });
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  let reportedAt = Number.NEGATIVE_INFINITY;
  // Idle connections that are cut; the next query sees the fault itself.
  pool.on('error', () => undefined);
  pool.setMaxListeners(0);

  function report(fault: Error): void {
    if (performance.now() - reportedAt > outageInMs) options.onError(fault);
    reportedAt = performance.now();
  }

  function withRetries<T>(action: () => Promise<T>): Promise<T> {
    return withRetry(action, {
      signal: closing.signal,
      pauseInMs(error) {
        const isCollision = isCollisionOfTransactions(error);
        if (!isCollision && !isConnectionFault(error)) return undefined;
        if (closing.signal.aborted) throw asRefused(error);
        return isCollision ? Math.random() * longestPauseAfterCollisionInMs : pauseInMs;
      },
      onRetry(error) {
        if (error instanceof Error && isConnectionFault(error)) report(error);
      },
    });
  }

  const query = pool.query.bind(pool) as (text: string, values?: unknown[]) => Promise<pg.QueryResult>;
  const connect = pool.connect.bind(pool) as (callback?: ConnectCallback) => Promise<pg.PoolClient>;
  Object.assign(pool, {
    query: (text: string, values?: unknown[]) => withRetries(() => query(text, values)),
    // The pool's own `query` comes here with a callback, and is repeated already.
    connect: (callback?: ConnectCallback) =>
      callback === undefined ? withRetries(() => connect()) : connect(callback),
  });
  return {
    pool,
    async close() {
      closing.abort(asRefused(new Error('the connections to the queue are closed')));
      await pool.end();
    },
  };
}

type ConnectCallback = (error: Error | undefined, client: unknown, release: unknown) => void;

/**
 * Deadlock, and failure to serialize: the statement was undone as a whole and can be repeated. BullMQ's workers run into
 * deadlocks where many retries are due at once (seen: 1 in 2,000 retries), and would take them for a fault of the job.
 */
function isCollisionOfTransactions(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '40P01' || error.code === '40001');
}

/** By this code BullMQ knows that a job is not to blame. */
function asRefused(cause: unknown): Error {
  const message = cause instanceof Error ? cause.message : String(cause);
  return Object.assign(new Error(message, { cause }), { code: 'ECONNREFUSED' });
}
