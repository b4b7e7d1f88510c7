import { hostname, networkInterfaces } from 'node:os';
import { isLoopbackHost } from '../../util/http/loopback-host.ts';

/**
 * Whether a `Host` means this server, whatever the port: a name of this machine. A foreign one is a page whose name was
 * made to point here (DNS rebinding). `listensAt`: `--host`.
 */
export function isOwnHost(host: string | undefined, listensAt: string): boolean {
  const name = nameIn(host);
  if (name === undefined) return false;
  if (isLoopbackHost(name)) return true;
  if (isLoopbackHost(listensAt)) return false;
  return name === bare(listensAt) || name === hostname().toLowerCase() || ownAddresses().has(name);
}

function nameIn(host: string | undefined): string | undefined {
  if (host === undefined || !URL.canParse(`http://${host}/`)) return undefined;
  const { hostname: name, host: whole, pathname, username } = new URL(`http://${host}/`);
  const isPlain = pathname === '/' && username === '' && whole !== '';
  return isPlain ? bare(name) : undefined;
}

const bare = (name: string) => name.replace(/^\[|\]$/g, '').toLowerCase();

const ownAddresses = () =>
  new Set(
    Object.values(networkInterfaces()).flatMap((addresses) =>
      (addresses ?? []).map(({ address }) => address.toLowerCase()),
    ),
  );
