import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createRedisLauncher } from './redis-launcher.ts';
import { freePort } from './redis-process.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

export interface TestRedis {
  readonly url: string;
  /** One command, on a connection of its own. */
  ask(command: string, ...args: readonly string[]): Promise<unknown>;
  /** `kill -9`, as a crash would end it; `start` brings it back with what its append-only file holds. */
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** A redis-server of the test's own on a free port of the loopback interface, with an append-only file. */
export async function startTestRedis(
  options: { args?: readonly string[]; password?: string } = {},
): Promise<TestRedis> {
  const folder = await makeTemporaryFolder();
  const port = await freePort();
  const { password } = options;
  const user = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
  const url = `redis://${user}127.0.0.1:${port}`;
  const durability = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
  const secrecy = password === undefined ? [] : ['--requirepass', password];
  const args = [...durability, ...secrecy, ...(options.args ?? [])];
  const launcher = await createRedisLauncher({ port, args, folder: folder.path });

  async function start(): Promise<void> {
    await launcher.start();
    await answering(url);
  }

  await start();
  return {
    url,
    async ask(command, ...args) {
      const redis = new Redis(url);
      return redis.call(command, ...args).finally(() => redis.disconnect());
    },
    kill: launcher.kill,
    start,
    async close() {
      await launcher.remove();
      await folder.remove();
    },
  };
}

async function answering(url: string): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => 20, maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  try {
    // While the append-only file is read, the server answers LOADING.
    while ((await redis.ping().catch(() => 'not yet')) !== 'PONG') await delay(20);
  } finally {
    redis.disconnect();
  }
}
