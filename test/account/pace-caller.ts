import { setMaxListeners } from 'node:events';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { AccountStore } from '../../src/account/account-store.ts';
import { createRateLimiter } from '../../src/account/create-rate-limiter.ts';
import { createPostgresAccountStore } from '../../src/queue/postgres/postgres-account-store.ts';
import { createRedisAccountStore } from '../../src/queue/redis/redis-account-store.ts';
import { createHttpClient } from '../../src/util/http/http-client.ts';

/** What a process is told (as JSON, its one argument): where to call, and by which store to keep the pace. */
export interface CallerTask {
  readonly engineUrl: string;
  readonly store:
    | { readonly redis: string }
    | { readonly postgres: { host: string; user: string; database: string } };
  readonly account: string;
  readonly ratePerSecond: number;
  readonly concurrency: number;
  readonly durationInMs: number;
}

const task = JSON.parse(process.argv[2] ?? '{}') as CallerTask;

function openStore(): { store: AccountStore; close: () => Promise<unknown> } {
  if ('redis' in task.store) {
    const redis = new Redis(task.store.redis, { maxRetriesPerRequest: null });
    return { store: createRedisAccountStore(redis, 'test'), close: () => redis.quit() };
  }
  const pool = new pg.Pool({ ...task.store.postgres, max: 4 });
  return { store: createPostgresAccountStore(pool), close: () => pool.end() };
}

const log = { info: () => undefined, warn: (...text: unknown[]) => console.error(...text) };
const { store, close } = openStore();
const counts = { calls: 0, trips: 0, late: 0, unused: 0 };
const counted: AccountStore = {
  ...store,
  reserve: (request) => {
    counts.trips += 1;
    for (const { sentAt } of request.notes) counts[sentAt === undefined ? 'unused' : 'late'] += 1;
    return store.reserve(request);
  },
};
const client = createHttpClient({
  baseUrl: task.engineUrl,
  concurrency: task.concurrency,
  timeoutInMs: 30_000,
  environment: {},
});
const limiter = createRateLimiter({
  ...task,
  store: counted,
  processName: `caller:${process.pid}`,
  giveUpAfterInMs: 3_600_000,
  log: log as never,
});
const over = AbortSignal.timeout(task.durationInMs);
setMaxListeners(0, over);
const body = Buffer.alloc(20_000);
const lateness: number[] = [];
const sentAtInMs: number[] = [];

async function callOnAndOn(): Promise<void> {
  while (!over.aborted) {
    const permit = await limiter.acquire({ runId: 'run', signal: over }).catch(() => undefined);
    if (!permit) return;
    const enteredAt = performance.now();
    const onSent = () => {
      lateness.push(performance.now() - enteredAt);
      permit.sent();
      sentAtInMs.push(performance.timeOrigin + performance.now());
    };
    counts.calls += 1;
    await client.post({ path: '/add', headers: {}, body, signal: new AbortController().signal, onSent });
    const reply = { kind: 'enrolled', httpStatus: 200, templateId: 'template' } as const;
    await permit.done({ reply, photo: `${counts.calls}`, attemptsBefore: 0 });
  }
}

await Promise.all(Array.from({ length: task.concurrency }, callOnAndOn));
const snapshot = limiter.snapshot();
await limiter.close();
await client.close();
await close();
lateness.sort((a, b) => a - b);
const latest = lateness.at(-1) ?? 0;
process.stdout.write(`${JSON.stringify({ sentAtInMs, counted: { ...counts, latest, snapshot } })}\n`);
