import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UsageError } from '../util/errors.ts';
import { withinTime } from '../util/time-limit.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { WorkCounters } from './metrics/work-counters.ts';
import type { Rollcall } from './open-rollcall.ts';

/** The loop looks for runs every second; on a state where that costs, every few. */
const longestSilenceInMs = 60_000;

/** How this worker is watched. */
export interface HealthWatch {
  /** Of this worker, where anybody can ask for them. */
  readonly counters?: WorkCounters;
  /** To be called with every look for runs. */
  noteLook(): void;
  close(): Promise<void>;
}

/** Answers at `--health`, if it is set, whether this worker is well, what it did, and how much there is to do. */
export async function watchHealth(rollcall: Rollcall, signal: AbortSignal): Promise<HealthWatch> {
  const { health: address } = rollcall.settings;
  if (address === undefined) return { noteLook() {}, close: async () => {} };
  const { createWorkCounters } = await import('./metrics/work-counters.ts');
  const { metricsContentType, openMetrics } = await import('./metrics/metrics.ts');
  const { accounts } = await rollcall.queue();
  const counters = createWorkCounters();
  let lookedAt = performance.now();
  const server = await startHealthServer({
    address,
    async check() {
      if (signal.aborted) throw new Error('the worker is stopping');
      if (performance.now() - lookedAt > longestSilenceInMs)
        throw new Error('the worker does not look for runs');
      await accounts.read('health').catch(() => {
        throw new Error('the queue does not answer');
      });
    },
    metrics: openMetrics(rollcall, counters),
    metricsContentType,
  });
  return {
    counters,
    noteLook() {
      lookedAt = performance.now();
    },
    close: server.close,
  };
}

const answerWithinInMs = 3_000;

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * `GET /health`: 200, or 503 with the reason. `GET /metrics`: the text format of Prometheus. `GET /metrics.json`:
 * `WorkLeft`. It tells no more than that to whoever asks: no subjects, no paths, no addresses.
 * @throws UsageError where the address cannot be listened on
 */
async function startHealthServer(options: {
  /** Without a host: all addresses. */
  address: { host?: string | undefined; port: number };
  /** Resolves if all is well; its error's message is the reason why not. */
  check: () => Promise<void>;
  metrics: Metrics;
  metricsContentType: string;
}): Promise<HealthServer> {
  const { address, check, metrics, metricsContentType } = options;
  const routes: Readonly<Record<string, () => Promise<Answer>>> = {
    '/health': async () => {
      await inTime(check());
      return json({ status: 'ok' });
    },
    '/metrics': async () => ({ type: metricsContentType, body: await metrics.text() }),
    '/metrics.json': async () => json(await metrics.json()),
  };
  const server = createServer((request, response) => {
    const route = routes[request.url?.split('?')[0] ?? ''];
    if (!route)
      return answer(response, 404, json({ error: 'only /health, /metrics and /metrics.json are served' }));
    if (request.method !== 'GET') return answer(response, 405, json({ error: 'GET only' }));
    route().then(
      (body) => answer(response, 200, body),
      (error: Error) => answer(response, 503, json({ error: error.message })),
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

interface Answer {
  readonly type: string;
  readonly body: string;
}

const json = (body: unknown): Answer => ({ type: 'application/json', body: `${JSON.stringify(body)}\n` });

function answer(response: ServerResponse, status: number, { type, body }: Answer): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
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
