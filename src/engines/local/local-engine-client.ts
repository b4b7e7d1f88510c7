import { setTimeout as delay } from 'node:timers/promises';
import { RollcallError } from '../../util/errors.ts';
import { createHttpClient, type HttpCall, type HttpClient } from '../../util/http/http-client.ts';
import type { HttpResponse } from '../../util/http/http-exchange.ts';
import type { HttpFailure } from '../../util/http/http-failure.ts';
import { engineSocketOf, isListening } from './engine-socket.ts';
import type { LocalEngine } from './start-local-engine.ts';

export interface LocalEngineClientOptions {
  readonly folder: string;
  /** Starts the engine in this process; undefined: another process was first. */
  readonly start: () => Promise<LocalEngine | undefined>;
  /** Connections at most. */
  readonly concurrency: number;
  readonly timeoutInMs: number;
}

export interface LocalEngineClient extends HttpClient {
  /**
   * Resolves when there is an engine: found, or started here.
   * @throws FaultError for the folder
   */
  ready(): Promise<void>;
}

const pauseInMs = 200;

/**
 * Calls the local engine of a folder, wherever it runs on this machine: in another process, or in this one, which starts
 * it when it is needed. If the process that ran it ends, the next call that cannot be sent starts it here.
 */
export function createLocalEngineClient(options: LocalEngineClientOptions): LocalEngineClient {
  const { folder, start, timeoutInMs, concurrency } = options;
  let own: LocalEngine | undefined;
  let http: HttpClient | undefined;
  let attaching: Promise<HttpClient> | undefined;
  let isClosed = false;

  async function attach(): Promise<HttpClient> {
    const socketPath = await engineSocketOf(folder);
    if (!(await isListening(socketPath))) own = (await start()) ?? own;
    http ??= createHttpClient({
      baseUrl: 'http://localhost/api/v1.0',
      socketPath,
      concurrency,
      timeoutInMs,
      environment: {},
    });
    return http;
  }
  const attached = () => {
    attaching ??= attach().catch((error) => {
      attaching = undefined;
      throw error;
    });
    return attaching;
  };

  /** What was not sent can be sent again: the engine was closing, or has ended. */
  async function send(method: 'post' | 'delete', call: HttpCall): Promise<HttpResponse | HttpFailure> {
    const deadline = performance.now() + timeoutInMs;
    for (;;) {
      call.signal.throwIfAborted();
      const result = await attached()
        .then((client) => client[method](call))
        .catch((error) => failureOf(error, call.signal));
      if (result.kind === 'response' || result.sent || isClosed || performance.now() > deadline)
        return result;
      attaching = undefined;
      await delay(pauseInMs, undefined, { signal: call.signal });
    }
  }
  return {
    ready: async () => void (await attached()),
    post: (call) => send('post', call),
    delete: (call) => send('delete', call),
    async close() {
      isClosed = true;
      await attaching?.catch(() => {});
      await http?.close();
      await own?.close();
    },
  };
}

/** The message of an error that is meant for users; not of others, which may contain anything. */
function failureOf(error: unknown, signal: AbortSignal): HttpFailure {
  signal.throwIfAborted();
  const why = error instanceof RollcallError ? error.message : 'an internal error';
  return {
    kind: 'failed',
    fault: 'connection',
    message: `the local engine did not start: ${why}`,
    sent: false,
  };
}
