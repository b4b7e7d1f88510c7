import { join } from 'node:path';
import { UsageError } from '../util/errors.ts';
import { openEmbeddedPostgres } from './embedded/open-embedded-postgres.ts';
import { openPostgresQueue } from './postgres/open-postgres-queue.ts';
import { configOfServer, configOfUrl } from './postgres/postgres-config.ts';
import type { QueueBackend } from './queue.ts';
import { queueKindOf, withoutPassword } from './queue-address.ts';
import { openRedisQueue } from './redis/open-redis-queue.ts';

export interface OpenQueueOptions {
  /** `embedded`, or the address of a server: `redis://` in all its forms (`RedisAddress`), `postgres://`, `postgresql://`. */
  readonly queue: string;
  /** A folder on this machine's disk, where the embedded server lives; other queues do not need it. */
  readonly stateFolder?: string;
  /** Outages of the server, once each, and faults that no caller sees. */
  readonly onError: (error: Error) => void;
  /** Ends the waiting for a server that does not answer at the start. Default: seconds later it is an error. */
  readonly signal?: AbortSignal;
}

/** Opens the queue that `--queue` names. `UsageError` for what the user must change, `FaultError` for a server that is away. */
export async function openQueue(options: OpenQueueOptions): Promise<QueueBackend> {
  const { onError, signal = new AbortController().signal } = options;
  switch (queueKindOf(options.queue)) {
    case 'embedded':
      return openEmbedded(options);
    case 'redis':
      return openRedisQueue(options.queue, { onError, signal });
    case 'postgres':
      return openPostgresQueue({
        kind: 'postgres',
        config: configOfUrl(options.queue),
        name: `The queue ${withoutPassword(options.queue)} (--queue, ROLLCALL_QUEUE)`,
        onError,
      });
  }
}

async function openEmbedded({ stateFolder, onError }: OpenQueueOptions): Promise<QueueBackend> {
  if (stateFolder === undefined) {
    throw new UsageError(
      'queue-needs-folder',
      'The embedded queue needs a folder of this machine: set --state (ROLLCALL_STATE) to a folder, or --queue ' +
        '(ROLLCALL_QUEUE) to a redis:// or postgres:// server.',
    );
  }
  const server = await openEmbeddedPostgres({ folder: join(stateFolder, 'queue'), onError });
  try {
    return await openPostgresQueue({
      kind: 'embedded',
      config: configOfServer(server.connection),
      name: `The embedded queue in ${stateFolder}`,
      onError,
      closeServer: server.close,
    });
  } catch (error) {
    await server.close().catch(() => undefined);
    throw error;
  }
}
