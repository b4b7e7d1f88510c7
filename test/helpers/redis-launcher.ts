import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { provideRedis, type RedisKind } from './provide-redis.ts';

/** Starts one redis-server again and again; its append-only file outlives `kill -9`. */
interface RedisLauncher {
  start(): Promise<void>;
  kill(): Promise<void>;
  remove(): Promise<void>;
}

export interface RedisLaunch {
  readonly port: number;
  /** Of redis-server, without port, address and folder. */
  readonly args: readonly string[];
  /** Where the program keeps its file; in Docker it stays in the container. */
  readonly folder: string;
}

const launchers: Readonly<Record<RedisKind, (launch: RedisLaunch) => RedisLauncher>> = {
  program: createProgramLauncher,
  docker: createDockerLauncher,
};

export async function createRedisLauncher(launch: RedisLaunch): Promise<RedisLauncher> {
  return launchers[await provideRedis()](launch);
}

function createProgramLauncher({ port, args, folder }: RedisLaunch): RedisLauncher {
  let server: ReturnType<typeof spawn> | undefined;
  const kill = async () => {
    const running = server;
    server = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGKILL');
    await ended;
  };
  return {
    async start() {
      const place = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder];
      server = spawn('redis-server', [...place, ...args], { stdio: 'ignore' });
      await once(server, 'spawn');
    },
    kill,
    remove: kill,
  };
}

function createDockerLauncher({ port, args }: RedisLaunch): RedisLauncher {
  const image = process.env.ROLLCALL_TEST_REDIS_IMAGE ?? 'redis:7-alpine';
  let id: string | undefined;
  const container = async (containerId: string) => {
    const { getContainerRuntimeClient } = await import('testcontainers');
    return (await getContainerRuntimeClient()).container.getById(containerId);
  };
  const kill = async () => {
    if (id !== undefined) await container(id).then((running) => running.kill().catch(() => undefined));
  };
  return {
    async start() {
      if (id !== undefined) return void (await (await container(id)).start());
      const { GenericContainer } = await import('testcontainers');
      const started = await new GenericContainer(image)
        .withCommand(['redis-server', '--bind', '0.0.0.0', '--protected-mode', 'no', ...args])
        .withExposedPorts({ container: 6379, host: port })
        .start();
      id = started.getId();
    },
    kill,
    async remove() {
      await kill();
      if (id !== undefined) await (await container(id)).remove({ v: true, force: true });
      id = undefined;
    },
  };
}
