import type { ClientConfig } from 'pg';

/** BullMQ's statements name no schema. */
const searchPath = '-c search_path=bullmq';

export function configOfServer(connection: ClientConfig): ClientConfig {
  return { ...connection, options: searchPath };
}

/** What the user put into the URL's `options` stays. */
export function configOfUrl(text: string): ClientConfig {
  const url = new URL(text);
  const options = [url.searchParams.get('options'), searchPath].filter((part) => part !== null);
  url.searchParams.set('options', options.join(' '));
  return { connectionString: url.href };
}
