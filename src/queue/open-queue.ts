import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import { openEmbeddedPostgres } from './embedded/open-embedded-postgres.ts';
import { openPostgresQueue } from './postgres/open-postgres-queue.ts';
import { configOfServer, configOfUrl } from './postgres/postgres-config.ts';
import type { QueueBackend } from './queue.ts';
import { openRedisQueue } from './redis/open-redis-queue.ts';
import { withoutPassword } from './server-address.ts';

export interface OpenQueueOptions {
  /** `embedded`, or the address of a server: `redis://` in all its forms (`RedisAddress`), `postgres://`, `postgresql://`. */
  readonly queue: string;
  /** A folder on this machine's disk, where the embedded server lives; other queues do not need it. */
  readonly stateFolder?: string;
  /** Outages of the server, once each, and faults that no caller can be told of. */
  readonly onError: (error: Error) => void;
}

/** Opens the door to the queue. `UsageError` for what the user must change, `FaultError` for a server that is away. */
export async function openQueue(options: OpenQueueOptions): Promise<QueueBackend> {
  if (options.queue === 'embedded') return openEmbedded(options);
  switch (schemeOf(options.queue)) {
    case 'redis':
    case 'rediss':
    case 'redis+sentinel':
    case 'rediss+sentinel':
    case 'redis+cluster':
    case 'rediss+cluster':
      return openRedisQueue(options.queue, options.onError);
    case 'postgres':
    case 'postgresql':
      return openPostgresQueue({
        kind: 'postgres',
        config: configOfUrl(options.queue),
        name: `The queue ${withoutPassword(options.queue)} (--queue, ROLLCALL_QUEUE)`,
        onError: options.onError,
      });
    default:
      throw new UsageError(
        'queue-unknown',
        `--queue (ROLLCALL_QUEUE) is ${withoutPassword(options.queue)}; it must be embedded, or begin with redis://, ` +
          'rediss://, redis+sentinel://, redis+cluster:// or postgres://.',
      );
  }
}

async function openEmbedded({ stateFolder, onError }: OpenQueueOptions): Promise<QueueBackend> {
  if (stateFolder === undefined) {
    throw new UsageError(
      'queue-needs-folder',
      'The embedded queue lives in a folder of this machine: set --state (ROLLCALL_STATE) to a folder, or --queue ' +
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

function schemeOf(url: string): string | undefined {
  return /^([a-z][a-z\d+]*):\/\//i.exec(url)?.[1]?.toLowerCase();
}
