import { BlockList, isIP } from 'node:net';
import { decodeSafely } from '../decode-safely.ts';
import { UsageError } from '../errors.ts';
import { basicCredentials } from './basic-credentials.ts';
import { isLoopbackHost } from './loopback-host.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for calls to `url`, from HTTPS_PROXY or HTTP_PROXY, ALL_PROXY and NO_PROXY (lower case first, as curl
 * has it). This machine is never reached through a proxy.
 * @throws UsageError when the variable holds no http or https address
 */
export function proxyFor(url: URL, environment: Environment): URL | undefined {
  const names = url.protocol === 'https:' ? ['https_proxy', 'all_proxy'] : ['http_proxy', 'all_proxy'];
  const setting = names.flatMap((name) => [name, name.toUpperCase()]).find((name) => environment[name]);
  if (setting === undefined || isLoopbackHost(url.hostname)) return undefined;
  if (isExempt(url, environment.no_proxy ?? environment.NO_PROXY ?? '')) return undefined;
  return readProxy(setting, environment[setting] ?? '');
}

/** The header that a proxy wants for the user and password in its address, if there are any. */
export function proxyAuthorization(proxy: URL): Record<string, string> {
  const credentials = basicCredentials(proxy);
  return credentials === undefined ? {} : { 'proxy-authorization': credentials };
}

/** What its address has that no message may repeat: a proxy may answer itself, and say what it was sent. */
export const secretsOfProxy = (proxy: URL | undefined): readonly string[] =>
  proxy?.password ? [decodeSafely(proxy.password)] : [];

function readProxy(setting: string, value: string): URL {
  const address = value.includes('://') ? value : `http://${value}`;
  const proxy = URL.canParse(address) ? new URL(address) : undefined;
  if (proxy?.protocol === 'http:' || proxy?.protocol === 'https:') return proxy;
  // The value may hold a password: it is not repeated.
  throw new UsageError('proxy', `${setting} must be an address like http://proxy.example:3128`);
}

/** NO_PROXY: `*`, or host names (with everything below them), addresses and networks, each with an optional port. */
function isExempt(url: URL, noProxy: string): boolean {
  const host = bare(url.hostname);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return noProxy.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true;
    if (entry.includes('/')) return isInNetwork(host, entry);
    const { name, onlyPort } = readEntry(entry);
    if (name === '' || (onlyPort !== undefined && onlyPort !== port)) return false;
    return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`));
  });
}

function readEntry(entry: string): { name: string; onlyPort: string | undefined } {
  const [, name = '', onlyPort] = /^(\[.*\]|[^:]*|[^:]*:.*:.*?)(?::(\d+))?$/.exec(entry) ?? [];
  return { name: bare(name).replace(/^\*?\./, ''), onlyPort };
}

function isInNetwork(host: string, network: string): boolean {
  const [address = '', bits = ''] = network.split('/');
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits)) return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '').toLowerCase();
}
