import { hostname } from 'node:os';
import { isLoopbackHost } from '../util/http/loopback-host.ts';
import { parsePostgresUrl } from './postgres/postgres-config.ts';
import { queueKindOf } from './queue-address.ts';
import { parseRedisAddress } from './redis/redis-address.ts';

/**
 * Whether the server of the queue (`--queue`) runs on this machine: the embedded one, a loopback address, a unix socket,
 * or this machine's own name. Else workers elsewhere are to be expected.
 * @throws UsageError for an address that is none
 */
export function isOnThisMachine(queue: string): boolean {
  return hostsOf(queue).every(
    (host) => host === '' || host.startsWith('/') || isLoopbackHost(host) || host === hostname(),
  );
}

function hostsOf(queue: string): string[] {
  switch (queueKindOf(queue)) {
    case 'embedded':
      return [];
    case 'redis':
      return parseRedisAddress(queue).nodes.map((node) => node.host);
    case 'postgres': {
      const url = parsePostgresUrl(queue);
      return [url.searchParams.get('host') ?? decodeURIComponent(url.hostname)];
    }
  }
}
