import { createHash } from 'node:crypto';
import { isLoopbackHost } from '../util/http/loopback-host.ts';

/** One user's account at one engine: engine, address and app id, never the key. */
export interface AccountIdentity {
  readonly engine: string;
  /** As the URL standard writes it, without a slash at its end; or the name of an engine that has no address. */
  readonly url: string;
  readonly appId: string;
}

/** The account of runs and ledger. 16 hex digits; the app id cannot be read back from them. */
export function accountIdOf({ engine, url, appId }: AccountIdentity): string {
  return createHash('sha256').update(`${engine}\n${url}\n${appId}`).digest('hex').slice(0, 16);
}

/**
 * The account that is called: what its pace, its pauses and its erasures are kept under. One id for all spellings of an
 * address, since they all reach one server; for the usual spelling it is `accountIdOf`.
 */
export const calledAccountIdOf = (identity: AccountIdentity): string =>
  accountIdOf({ ...identity, url: coarseAddress(identity.url) });

/**
 * An address without what servers do not care for: which of its names this machine has, a dot behind the host, slashes,
 * needless percent-encoding, the case of `api` and `v1.0`, and whether TLS is spoken at the usual port.
 */
export function coarseAddress(url: string): string {
  if (!URL.canParse(url)) return url;
  const { protocol, hostname, port, pathname } = new URL(url);
  const host = coarseHost(hostname);
  const origin = port === '' ? `https://${host}` : `${protocol}//${host}:${port}`;
  const parts = pathname.split('/').filter((part) => part !== '');
  return [origin, ...parts.map(coarsePart)].join('/');
}

/** `0.0.0.0` and `::` reach this machine, too. */
const anyHost = /^(?:0\.0\.0\.0|\[::\])$/;

function coarseHost(hostname: string): string {
  const name = hostname.replace(/\.$/, '');
  return isLoopbackHost(name) || anyHost.test(name) ? '127.0.0.1' : name;
}

/** Known parts of engines' addresses; of any other part the case may mean something. */
const knownPart = /^(?:api|v\d+(?:\.\d+)*)$/i;

function coarsePart(part: string): string {
  const decoded = part.replace(/%[\da-f]{2}/gi, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : code.toUpperCase();
  });
  return knownPart.test(decoded) ? decoded.toLowerCase() : decoded;
}
