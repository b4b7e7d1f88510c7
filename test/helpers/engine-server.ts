import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { sendJson } from './engine-server-answers.ts';
import { worstSecond } from './engine-server-calls.ts';
import type { EngineServer } from './engine-server-control.ts';
import { handleControl } from './engine-server-control.ts';
import { createEnrollEndpoint } from './engine-server-endpoint.ts';
import type { Credentials } from './engine-server-frame.ts';
import { createVerihubsEndpoint } from './verihubs-endpoint.ts';

export interface EngineServerOptions {
  /** Whose pages it keeps to; OOTO's by default. */
  readonly language?: 'ooto' | 'verihubs';
  /** 0, the default: any free one. */
  readonly port?: number;
  /** The address it listens on; the loopback address by default. */
  readonly host?: string;
  readonly credentials?: Credentials;
  /** Time that every answer takes, at least and at most; none by default. */
  readonly latencyInMs?: readonly [number, number];
  /** For the latency. */
  readonly seed?: number;
  /** PEM; the server speaks https then. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export const testCredentials: Credentials = { appId: 'test-app-id', appKey: 'test-app-key' };

export async function startEngineServer(options: EngineServerOptions = {}): Promise<EngineServer> {
  const { credentials = testCredentials, latencyInMs = [0, 0], seed = 1, tls, host = '127.0.0.1' } = options;
  const { language = 'ooto' } = options;
  const createEndpoint = language === 'verihubs' ? createVerihubsEndpoint : createEnrollEndpoint;
  const endpoint = createEndpoint({ credentials, latencyInMs, seed });
  const { calls, templates, scripts, settings } = endpoint;
  const listener = tls === undefined ? createHttpServer() : createHttpsServer(tls);
  const stop = cutConnectionsOnStop(listener);
  const listen = async (port: number) => {
    listener.listen(port, host);
    await once(listener, 'listening');
    return (listener.address() as AddressInfo).port;
  };
  const port = await listen(options.port ?? 0);
  const server: EngineServer = {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}${endpoint.basePath}`,
    port,
    calls,
    templates,
    keepPhotos: () => {
      endpoint.kept.photos ??= new Map();
      return endpoint.kept.photos;
    },
    putTemplate: endpoint.putTemplate,
    worstSecond: () => worstSecond(calls.map((call) => call.arrivedAtInMs)),
    script: (target, script) => void scripts.set(target, script),
    setMode: (mode) => void Object.assign(settings, { mode }),
    setCredentials: (value) => void Object.assign(settings, { credentials: value }),
    setLatency: (value) => void Object.assign(settings, { latencyInMs: value }),
    setIndexLag: (lag) => void Object.assign(settings, { indexLag: { identifications: 0, inMs: 0, ...lag } }),
    reset: endpoint.reset,
    goDown: stop,
    comeUp: async () => void (await listen(port)),
    close: stop,
  };
  listener.on('request', (request, response) => {
    const isControl = request.url?.startsWith('/control/') ?? false;
    const handled = isControl ? handleControl(request, response, server) : endpoint.handle(request, response);
    handled.catch((error) => {
      // A script that does not exist, or a client that went away.
      if (response.headersSent) response.destroy();
      else sendJson(response, 599, { message: String(error) });
    });
  });
  return server;
}

/** Gives the way to close the listener at once, with every connection. */
function cutConnectionsOnStop(listener: ReturnType<typeof createHttpServer>): () => Promise<void> {
  const sockets = new Set<Socket>();
  listener.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  return async () => {
    if (!listener.listening) return;
    const closed = once(listener, 'close');
    listener.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
}
