import type { ClientConfig } from 'pg';
import { UsageError } from '../../util/errors.ts';
import { withoutPassword } from '../queue-address.ts';

/** BullMQ's statements name no schema. */
const searchPath = '-c search_path=bullmq';

export function configOfServer(connection: ClientConfig): ClientConfig {
  return { ...connection, options: searchPath };
}

/**
 * What the user put into the URL's `options` stays.
 * @throws UsageError for an address that is no URL
 */
export function configOfUrl(text: string): ClientConfig {
  const url = parsePostgresUrl(text);
  const options = [url.searchParams.get('options'), searchPath].filter((part) => part !== null);
  url.searchParams.set('options', options.join(' '));
  return { connectionString: url.href };
}

/** @throws UsageError for an address that is no URL */
export function parsePostgresUrl(text: string): URL {
  try {
    return new URL(text);
  } catch (cause) {
    const message = `--queue (ROLLCALL_QUEUE) is ${withoutPassword(text)}: it is not the address of a PostgreSQL server.`;
    throw new UsageError('queue-address', message, { cause });
  }
}
