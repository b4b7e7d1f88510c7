import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { promisify } from 'node:util';
import { Agent, type Dispatcher } from 'undici';
import { proxyFor } from '../../util/http/proxy-for.ts';
import { createProxyTunnel } from '../../util/http/proxy-tunnel.ts';
import { isPublicAddress, PrivateAddressError, publicLookup } from './public-address.ts';

export interface HttpsOptions {
  readonly allowPrivate: boolean;
  readonly timeoutInMs: number;
  /** Where HTTPS_PROXY and NO_PROXY are looked up; default the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** How names become addresses; default the system's way. */
  readonly lookup?: LookupFunction;
  /** Certificate authorities in place of Node's; NODE_EXTRA_CA_CERTS adds to those by itself. */
  readonly ca?: string;
}

/** Connections for photos: direct ones, which check the address they connect to, and those through a proxy. */
export interface HttpsDispatchers {
  /**
   * The connections for one address.
   * @throws PrivateAddressError if it leads into a private network
   */
  dispatcherFor(url: URL): Promise<Dispatcher>;
  close(): Promise<void>;
}

/**
 * A direct connection checks the address as it connects. Through a proxy it is the proxy that resolves the name: there
 * an IP address in the URL is checked, and a name if it can be resolved here; a name that only the proxy can resolve is
 * left to it.
 */
export function createHttpsDispatchers(options: HttpsOptions): HttpsDispatchers {
  const {
    allowPrivate,
    timeoutInMs,
    environment = process.env,
    lookup = systemLookup as LookupFunction,
  } = options;
  const tls = options.ca === undefined ? {} : { ca: options.ca };
  const guarded = allowPrivate ? lookup : publicLookup(lookup);
  const limits = { headersTimeout: timeoutInMs, bodyTimeout: timeoutInMs, pipelining: 1 };
  const straight = new Agent({ ...limits, connect: { ...tls, lookup: guarded, timeout: timeoutInMs } });
  const proxied = new Map<string, Agent>();
  const throughProxy = (proxy: URL) => {
    const known = proxied.get(proxy.href);
    const agent = known ?? new Agent({ ...limits, connect: createProxyTunnel({ proxy, timeoutInMs }) });
    proxied.set(proxy.href, agent);
    return agent;
  };
  return {
    async dispatcherFor(url) {
      const host = url.hostname.replace(/^\[|\]$/gu, '');
      if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) throw new PrivateAddressError(host);
      const proxy = proxyFor(url, environment);
      if (proxy === undefined) return straight;
      if (!allowPrivate && isIP(host) === 0) await checkName(host, guarded);
      return throughProxy(proxy);
    },
    async close() {
      await Promise.all([straight, ...proxied.values()].map((agent) => agent.destroy()));
    },
  };
}

async function checkName(host: string, guarded: LookupFunction): Promise<void> {
  try {
    await promisify(guarded)(host, { all: true });
  } catch (error) {
    if (error instanceof PrivateAddressError) throw error;
  }
}
