import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startTestRedis } from '../../test/helpers/redis-server.ts';
import { watchNodes, watchTree } from './processor-time.ts';
import { type Receiver, startReceiver } from './receiver.ts';

export const callsInFlight = 32;

export type BenchQueue = 'redis' | 'embedded';

/** What a command took, from its start to its end. */
export interface Measured {
  readonly seconds: number;
  /** Processor time of its processes. */
  readonly processInMs: number;
  /** Processor time of the queue's server meanwhile. */
  readonly storeInMs: number;
}

/** A folder, a receiver and a Redis of a benchmark's own, and the built project of the folder it was started in. */
export interface BenchScene {
  readonly folder: string;
  readonly receiver: Receiver;
  readonly redisUrl: string;
  /**
   * `rollcall run` with no limit of pace, to its end; beside it other commands, which are terminated then.
   * `onStart`: is given the process of the run.
   */
  run(options: {
    source: string;
    queue: BenchQueue;
    args?: readonly string[];
    besides?: readonly (readonly string[])[];
    onStart?: (pid: number) => void;
  }): Promise<Measured>;
  close(): Promise<void>;
}

export async function openBenchScene(): Promise<BenchScene> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-bench-'));
  const receiver = await startReceiver(folder);
  const redis = await startTestRedis();
  const main = join(process.cwd(), 'dist', 'cli', 'main.js');

  const start = (args: readonly string[], queue: BenchQueue) =>
    spawn(process.execPath, [main, ...args], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        PATH: process.env.PATH,
        OOTO_APP_ID: 'bench',
        OOTO_APP_KEY: 'bench',
        ROLLCALL_ENGINE: 'ooto',
        ROLLCALL_ENGINE_URL: receiver.url,
        ROLLCALL_QUEUE: queue === 'redis' ? redis.url : 'embedded',
        ROLLCALL_STATE: stateOf(queue),
        ROLLCALL_RATE: '10000',
        ROLLCALL_CONCURRENCY: String(callsInFlight),
      },
    });
  const stateOf = (queue: BenchQueue) => join(folder, `state-${queue}`);
  return {
    folder,
    receiver,
    redisUrl: redis.url,
    async run({ source, queue, args = [], besides = [], onStart = () => {} }) {
      const store = queue === 'redis' ? watchRedis(redis.url) : watchEmbedded(stateOf(queue));
      const before = await store.read();
      const startedAt = performance.now();
      const run = start(['run', source, '--new', ...args], queue);
      let said = '';
      run.stderr.on('data', (chunk) => {
        said += chunk;
      });
      onStart(run.pid ?? 0);
      const others = besides.map((words) => start(words, queue));
      for (const { stderr } of others) stderr.resume();
      const nodes = watchNodes([run, ...others].map(({ pid = 0 }) => pid));
      const [exitCode] = await once(run, 'exit');
      const seconds = (performance.now() - startedAt) / 1000;
      const [processInMs, after] = [nodes.read(), await store.read()];
      nodes.close();
      store.close();
      await Promise.all(others.map(terminate));
      if (exitCode !== 0) throw new Error(`rollcall ended with ${exitCode}: ${said}`);
      return { seconds, processInMs, storeInMs: after - before };
    },
    async close() {
      await redis.close();
      await receiver.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function terminate(command: ChildProcess): Promise<void> {
  const ended = once(command, 'exit');
  command.kill('SIGTERM');
  await ended;
}

interface StoreWatch {
  /** Milliseconds of processor time that the server has used. */
  read(): Promise<number>;
  close(): void;
}

function watchRedis(url: string): StoreWatch {
  const redis = new Redis(url);
  return {
    async read() {
      const info = await redis.info('cpu');
      const [system, user] = ['sys', 'user'].map((kind) =>
        Number(new RegExp(`used_cpu_${kind}:([\\d.]+)`).exec(info)?.[1]),
      );
      return 1000 * ((system ?? 0) + (user ?? 0));
    },
    close: () => redis.disconnect(),
  };
}

/** The server comes and goes with the run. */
function watchEmbedded(state: string): StoreWatch {
  const watch = watchTree(() => {
    try {
      return Number.parseInt(readFileSync(join(state, 'queue', 'data', 'postmaster.pid'), 'utf8'), 10);
    } catch {
      return undefined;
    }
  });
  return { read: async () => watch.read(), close: watch.close };
}
