import type { AddressInfo } from 'node:net';
import type { QueueBackend } from '../queue/queue.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import { UsageError } from '../util/errors.ts';
import { isLoopbackHost } from '../util/http/loopback-host.ts';
import { createServeApp } from './create-app.ts';
import { createSessions } from './security/sessions.ts';
import { readToken, type ServeToken } from './security/token.ts';

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
  const { settings, state, folder, log } = rollcall;
  const { serveHost: host, servePort: port, tokenFile, readOnly } = settings;
  if (!isLoopbackHost(host) && tokenFile === undefined) {
    throw new UsageError(
      'serve-open',
      `--host ${host} (ROLLCALL_SERVE_HOST) can be reached from other machines: give the token that they need with --token-file (ROLLCALL_TOKEN_FILE).`,
    );
  }
  const token = await readToken(state, { tokenFile, folder });
  const sessions = createSessions({ token: token.text, name: await state.identity() });
  let backend: QueueBackend | undefined;
  rollcall.queue().then(
    (opened) => {
      backend = opened;
    },
    (error: Error) => log.error({ reason: error.message }, 'the queue cannot be used'),
  );
  const closing = new AbortController();
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
