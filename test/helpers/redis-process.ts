import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Redis, type RedisOptions } from 'ioredis';
import { until } from './until.ts';

type Login = Pick<RedisOptions, 'password' | 'connectionName' | 'tls'>;

/** One redis-server of a test that needs several, or a special one; on the loopback interface. */
export interface RedisProcess {
  readonly port: number;
  /** `kill -9`. */
  kill(): Promise<void>;
}

/** Starts `redis-server` with the arguments that `args` gives for a port, and waits until it answers. */
export async function startRedisProcess(
  args: (port: number) => readonly string[],
  options: { login?: Login; port?: number } = {},
): Promise<RedisProcess> {
  const port = options.port ?? (await freePort());
  const child = spawn('redis-server', [...args(port)], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  await once(child, 'spawn');
  const probe = connectTo(port, options.login);
  await until(async () => (await probe.ping().catch(() => '')) === 'PONG', { what: 'an answer of Redis' });
  probe.disconnect();
  return {
    port,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** A connection of the test's own, which tries again for as long as it takes. */
export function connectTo(port: number, login: Login = {}): Redis {
  const redis = new Redis(port, '127.0.0.1', {
    maxRetriesPerRequest: null,
    retryStrategy: () => 50,
    ...login,
  });
  redis.on('error', () => undefined);
  return redis;
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
