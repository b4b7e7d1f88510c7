import type { Pool } from 'undici';
import { exchange, type HttpResponse } from './http-exchange.ts';
import type { HttpFailure } from './http-failure.ts';
import { passOverContinue } from './pass-over-continue.ts';
import { type Environment, proxyAuthorization, proxyFor } from './proxy-for.ts';

/** Calls to one base address. It knows no engine: it neither judges a reply nor tries again. */
export interface HttpClient {
  /** One call is one request on the wire, or none. @throws the signal's reason when aborted */
  post(call: HttpCall): Promise<HttpResponse | HttpFailure>;
  /** The same with the method DELETE. */
  delete(call: HttpCall): Promise<HttpResponse | HttpFailure>;
  /** Ends every connection; calls in flight fail. */
  close(): Promise<void>;
}

export interface HttpCall {
  /** Below the base address, with its query: `/add?check_liveness=true`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly signal: AbortSignal;
  /** Called once, at the moment the request's head is written to the socket. */
  readonly onSent?: () => void;
}

export interface HttpClientOptions {
  /** http or https, without a trailing slash. */
  readonly baseUrl: string;
  /** A unix socket to connect to in place of the address's host. */
  readonly socketPath?: string;
  /** Connections at most. */
  readonly concurrency: number;
  /** For a whole call: connecting, TLS, sending, waiting, the reply's body. */
  readonly timeoutInMs: number;
  /** Where HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY are looked up. */
  readonly environment: Environment;
  /** A longer body counts as one that cannot be read; 1 MiB by default. */
  readonly bodyLimitInBytes?: number;
}

/**
 * Certificates beside the usual ones come by NODE_EXTRA_CA_CERTS, which Node.js reads itself.
 * @throws UsageError when a proxy variable holds no address
 */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const url = new URL(options.baseUrl);
  const route = routeTo(url, proxyFor(url, options.environment));
  const timeout = options.timeoutInMs;
  let pool: Promise<Pool> | undefined;
  let isClosed = false;
  const send = async (method: 'POST' | 'DELETE', { path, headers, body, signal, onSent }: HttpCall) => {
    pool ??= openPool(route, options);
    const dispatcher = await pool;
    if (isClosed) await dispatcher.destroy();
    return exchange({
      dispatcher,
      request: {
        method,
        path: route.pathPrefix + path,
        // A compressed reply saves nothing here; one that comes all the same is unpacked.
        headers: { ...route.headers, 'accept-encoding': 'identity', ...headers },
        body,
        idempotent: false,
      },
      host: url.host,
      proxy: route.proxy,
      timeoutInMs: timeout,
      bodyLimitInBytes: options.bodyLimitInBytes ?? 1024 * 1024,
      signal,
      onSent,
    });
  };
  return {
    post: (call) => send('POST', call),
    delete: (call) => send('DELETE', call),
    async close() {
      isClosed = true;
      await (await pool)?.destroy();
    },
  };
}

/** undici is a seventh of what a command loads: only one that makes a call does. */
async function openPool(
  { origin, tunnel }: Route,
  { concurrency, socketPath, timeoutInMs }: HttpClientOptions,
): Promise<Pool> {
  const { buildConnector, Pool } = await import('undici');
  const connect =
    tunnel === undefined
      ? buildConnector({
          // No longer than a call, so that a call that is over does not keep a connection from the next one.
          timeout: timeoutInMs,
          // Node's own 250 ms before the next address of a host are too short for a far engine.
          ...{ autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 1000 },
          ...(socketPath !== undefined && { socketPath }),
        })
      : await tunnelThrough(tunnel, timeoutInMs);
  return new Pool(origin, {
    connections: concurrency,
    pipelining: 1,
    // The whole call has one timeout (exchange); undici's own would only end it earlier.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: passOverContinue(connect),
  });
}

async function tunnelThrough(proxy: URL, timeoutInMs: number) {
  const { createProxyTunnel } = await import('./proxy-tunnel.ts');
  return createProxyTunnel({ proxy, timeoutInMs });
}

interface Route {
  readonly origin: string;
  readonly pathPrefix: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tunnel?: URL;
  /** Host of the proxy that is handed the whole address. */
  readonly proxy?: string;
}

/** https goes through a proxy's tunnel; for http the proxy is handed the whole address, as proxies expect it. */
function routeTo(url: URL, proxy: URL | undefined): Route {
  const path = url.pathname.replace(/\/+$/, '');
  if (proxy === undefined) return { origin: url.origin, pathPrefix: path, headers: {} };
  if (url.protocol === 'https:') return { origin: url.origin, pathPrefix: path, headers: {}, tunnel: proxy };
  return {
    origin: proxy.origin,
    proxy: proxy.host,
    pathPrefix: url.origin + path,
    headers: { host: url.host, ...proxyAuthorization(proxy) },
  };
}
