import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readWorkerRegistrations } from '../queue/presence.ts';
import { listReadableRuns } from '../records/run-record.ts';
import { UsageError } from '../util/errors.ts';
import { withinTime } from '../util/time-limit.ts';
import type { Rollcall } from './open-rollcall.ts';

/** The loop looks for runs every second; on a state where that costs, every few. */
const longestSilenceInMs = 60_000;

/** Answers at `--health`, if it is set, whether this worker is well and how much there is to do. */
export async function watchHealth(
  { settings, state, queue }: Pick<Rollcall, 'settings' | 'state' | 'queue'>,
  signal: AbortSignal,
): Promise<{ noteLook(): void; close(): Promise<void> }> {
  let lookedAt = performance.now();
  let server: HealthServer | undefined;
  if (settings.health !== undefined) {
    const { accounts, presence } = await queue();
    server = await startHealthServer({
      address: settings.health,
      async check() {
        if (signal.aborted) throw new Error('the worker is stopping');
        if (performance.now() - lookedAt > longestSilenceInMs)
          throw new Error('the worker does not look for runs');
        await accounts.read('health').catch(() => {
          throw new Error('the queue does not answer');
        });
      },
      metrics: () =>
        readMetrics().catch(() => {
          throw new Error('the queue or the state does not answer');
        }),
    });

    async function readMetrics(): Promise<WorkMetrics> {
      const { records } = await listReadableRuns(state);
      const active = records.filter((record) => record.state === 'active');
      const own = await state.identity();
      const workers = (await readWorkerRegistrations(presence)).filter(({ stateId }) => stateId === own);
      const photosLeft = active.reduce((sum, { counts }) => sum + counts.listed - counts.done, 0);
      return { photosLeft, runs: active.length, workers: workers.length };
    }
  }
  return {
    noteLook() {
      lookedAt = performance.now();
    },
    close: async () => server?.close(),
  };
}

const answerWithinInMs = 3_000;

/** For whoever scales workers by the length of the queue. */
export interface WorkMetrics {
  /** Listed and without a line, over all active runs that the state shows. */
  readonly photosLeft: number;
  /** Active runs that the state shows. */
  readonly runs: number;
  /** Processes on this queue that work with this state, this one included. */
  readonly workers: number;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * `GET /health`: 200, or 503 with the reason. `GET /metrics`: `WorkMetrics` as JSON. It tells no more than that to
 * whoever asks: no ids, no addresses.
 * @throws UsageError where the address cannot be listened on
 */
async function startHealthServer(options: {
  /** Without a host: all addresses. */
  address: { host?: string | undefined; port: number };
  /** Resolves if all is well; its error's message is the reason why not. */
  check: () => Promise<void>;
  metrics: () => Promise<WorkMetrics>;
}): Promise<HealthServer> {
  const { address, check, metrics } = options;
  const routes: Readonly<Record<string, () => Promise<unknown>>> = {
    '/health': async () => {
      await check();
      return { status: 'ok' };
    },
    '/metrics': metrics,
  };
  const server = createServer((request, response) => {
    const route = routes[request.url?.split('?')[0] ?? ''];
    if (!route) return answer(response, 404, { error: 'only /health and /metrics are served' });
    if (request.method !== 'GET') return answer(response, 405, { error: 'GET only' });
    inTime(route()).then(
      (body) => answer(response, 200, body),
      (error: Error) => answer(response, 503, { error: error.message }),
    );
  });
  server.listen(address.port, address.host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const message = `--health (ROLLCALL_HEALTH) cannot be used: ${(cause as Error).message}.`;
    throw new UsageError('health-address', message, { cause });
  }
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}

/** A store that is away lets a question wait, perhaps for ever. */
function inTime<Result>(action: Promise<Result>): Promise<Result> {
  return withinTime(action, {
    limitInMs: answerWithinInMs,
    whenLate: () => {
      throw new Error(`no answer within ${answerWithinInMs / 1000} s`);
    },
  });
}
