import { createPostgresBackend, runMigrations } from 'bullmq';
import pg from 'pg';
import { FaultError } from '../../util/errors.ts';
import type { BullmqStore } from '../bullmq-store.ts';
import type { QueueBackend } from '../queue.ts';
import { createQueueBackend } from '../queue-backend.ts';
import { openRetryingPool } from './open-retrying-pool.ts';
import { createPostgresAccountStore, ensureAccountTable } from './postgres-account-store.ts';
import { createPostgresCallBudget, ensureCallBudgetTable } from './postgres-call-budget.ts';
import { createPostgresJobTable } from './postgres-job-table.ts';
import { createPostgresLeaseStore, ensureLeaseTable } from './postgres-lease-store.ts';
import { createPostgresPresenceStore, ensurePresenceTable } from './postgres-presence-store.ts';

const connectionsOfPool = 10;

export interface PostgresQueueOptions {
  readonly kind: 'embedded' | 'postgres';
  /** With the schema `bullmq` in its search path. */
  readonly config: pg.ClientConfig;
  /** How messages name the server: the setting and the address without its password. */
  readonly name: string;
  readonly onError: (error: Error) => void;
  /** Closes what lies beneath, after the pool. */
  readonly closeServer?: () => Promise<void>;
}

/** Opens the queue on a PostgreSQL server, whose tables are made or brought up to date first. */
export async function openPostgresQueue(options: PostgresQueueOptions): Promise<QueueBackend> {
  const { config } = options;
  await prepare(config, options.name);
  const { pool, close } = openRetryingPool({
    config: { ...config, max: connectionsOfPool, keepAlive: true },
    onError: options.onError,
  });
  await ensureAccountTable(pool);
  await ensureLeaseTable(pool);
  await ensureCallBudgetTable(pool);
  await ensurePresenceTable(pool);
  return createQueueBackend({
    kind: options.kind,
    store: createStore(pool),
    accounts: createPostgresAccountStore(pool),
    leases: createPostgresLeaseStore(pool),
    callBudget: createPostgresCallBudget(pool),
    presence: createPostgresPresenceStore(pool, config),
    onError: options.onError,
    async closeStore() {
      await close();
      await options.closeServer?.();
    },
  });
}

/** With a connection of its own, which does not retry: a server that is not there is reported at once. */
async function prepare(config: pg.ClientConfig, name: string): Promise<void> {
  const client = new pg.Client({ connectionTimeoutMillis: 10_000, ...config });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    await client.end().catch(() => undefined);
    throw new FaultError('queue-unreachable', `${name} cannot be reached: ${messageOf(cause)}`, { cause });
  }
  try {
    await refuseReadOnly(client, name);
    await runMigrations(client);
  } catch (cause) {
    if (cause instanceof FaultError) throw cause;
    throw new FaultError(
      'queue-not-prepared',
      `The tables of the queue could not be created in ${name}: ${messageOf(cause)}. ` +
        'The user must be allowed to create schemas (bullmq and rollcall) in this database.',
      { cause },
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A standby, or a database or user that is set to read only. */
async function refuseReadOnly(client: pg.Client, name: string): Promise<void> {
  const { rows } = await client.query<{ transaction_read_only: string }>('SHOW transaction_read_only');
  if (rows[0]?.transaction_read_only !== 'on') return;
  throw new FaultError(
    'queue-read-only',
    `${name} is read-only: it is a standby, or default_transaction_read_only is set. Name the primary server, or change that.`,
  );
}

function createStore(pool: pg.Pool): BullmqStore {
  return {
    connection: pool as never,
    backendFactory: createPostgresBackend as never,
    jobs: createPostgresJobTable(pool),
    makeRoomForWorker() {
      // A worker keeps a connection on which it listens: a pool without one to spare would hang.
      pool.options.max += 1;
      return () => {
        pool.options.max -= 1;
      };
    },
  };
}

function messageOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(messageOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
