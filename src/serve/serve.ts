import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { QueueBackend } from '../queue/queue.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import { UsageError } from '../util/errors.ts';
import { isLoopbackHost } from '../util/http/loopback-host.ts';
import { createServeApp } from './create-app.ts';
import { readEndedSessions } from './security/ended-sessions.ts';
import { createSessions } from './security/sessions.ts';
import { readToken, type ServeToken } from './security/token.ts';

const openAgainAfterInMs = 3_000;

export interface Server {
  /** Without the token. */
  readonly address: string;
  readonly token: ServeToken;
  close(): Promise<void>;
}

/**
 * Serves page and API of a state and its queue. The queue is opened beside it: what only looks does without.
 * @throws UsageError for an address that cannot be listened on, or one that others can reach without a token of their own
 */
export async function startServer(rollcall: Rollcall): Promise<Server> {
  const { settings, state, folder } = rollcall;
  const { serveHost: host, servePort: port, tokenFile, readOnly } = settings;
  if (!isLoopbackHost(host) && tokenFile === undefined) {
    throw new UsageError(
      'serve-open',
      `--host ${host} (ROLLCALL_SERVE_HOST) can be reached from other machines: give the token that they need with --token-file (ROLLCALL_TOKEN_FILE).`,
    );
  }
  const token = await readToken(state, { tokenFile, folder });
  const sessions = createSessions({
    token: token.text,
    name: await state.identity(),
    ended: await readEndedSessions(state),
  });
  let backend: QueueBackend | undefined;
  const closing = new AbortController();
  void openQueue(rollcall, closing.signal).then((opened) => {
    backend = opened;
  });
  const app = await createServeApp(
    { rollcall, readOnly, signal: closing.signal, openQueue: () => backend },
    { host, token: token.text, sessions, readOnly },
  );
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const message = `--host and --port (ROLLCALL_SERVE_HOST, ROLLCALL_SERVE_PORT) cannot be used: ${(cause as Error).message}.`;
    throw new UsageError('serve-address', message, { cause });
  }
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    address: `http://${name}:${(app.server.address() as AddressInfo).port}`,
    token,
    async close() {
      closing.abort();
      await app.close();
    },
  };
}

/** A queue that is away is tried again until it is there; why it is not is logged once. */
async function openQueue({ queue, log }: Rollcall, signal: AbortSignal): Promise<QueueBackend | undefined> {
  let said: string | undefined;
  while (!signal.aborted) {
    try {
      return await queue();
    } catch (error) {
      const { message } = error as Error;
      if (message !== said) log.error({ reason: message }, 'the queue cannot be used; it is tried again');
      said = message;
      await delay(openAgainAfterInMs, undefined, { signal }).catch(() => {});
    }
  }
  return undefined;
}
