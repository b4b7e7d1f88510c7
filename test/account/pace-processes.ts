import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { CallerTask } from './pace-caller.ts';

export interface Program {
  /** The next line that it prints. */
  line(): Promise<string>;
  stop(): Promise<void>;
}

export interface PaceProcesses {
  start(name: 'pace-engine' | 'pace-caller' | 'pace-noise', args?: readonly string[]): Program;
  remove(): Promise<void>;
}

/** Compiles the programs of the pace tests, since Node.js 20 does not run TypeScript, and starts them. */
export async function buildPaceProcesses(): Promise<PaceProcesses> {
  const here = dirname(fileURLToPath(import.meta.url));
  const cache = join(here, '..', '..', 'node_modules', '.cache', 'rollcall');
  const folder = join(cache, `pace-${process.pid}`);
  const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
  const project = join(here, 'pace-processes.tsconfig.json');
  await mkdir(folder, { recursive: true });
  await promisify(execFile)(process.execPath, [
    join(dirname(compiler), 'bin', 'tsc'),
    '-p',
    project,
    '--outDir',
    folder,
  ]);
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  return {
    start: (name, args = []) =>
      toProgram(
        spawn(process.execPath, [join(folder, 'test', 'gate', `${name}.js`), ...args], {
          stdio: ['pipe', 'pipe', 'inherit'],
        }),
      ),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function toProgram(child: ChildProcess): Program {
  const { stdout } = child;
  if (!stdout) throw new Error('no output');
  const lines = createInterface(stdout)[Symbol.asyncIterator]();
  const exited = once(child, 'exit');
  return {
    async line() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`the program ended with ${child.exitCode}`);
      return value;
    },
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

export interface Measured {
  readonly calls: number;
  /** Calls in the worst second, wherever it starts. */
  readonly worstSecond: number;
  /** The same, leaving out what may be due to the engine's own process being held up. */
  readonly worstCertain: number;
  /** Share of the rate that was used, from the first call to the last. */
  readonly used: number;
  readonly callers: readonly string[];
}

/** Lets `processes` callers go at an engine for a while and says what the engine saw. */
export async function measurePace(
  { start }: PaceProcesses,
  { processes, noise = 0, ...task }: Omit<CallerTask, 'engineUrl'> & { processes: number; noise?: number },
): Promise<Measured> {
  const engine = start('pace-engine', ['150', '250']);
  const running: Program[] = [engine];
  try {
    const engineUrl = await engine.line();
    for (let count = 0; count < noise; count += 1) running.push(start('pace-noise'));
    const callers = Array.from({ length: processes }, () =>
      start('pace-caller', [JSON.stringify({ ...task, engineUrl })]),
    );
    running.push(...callers);
    const told = await Promise.all(callers.map((caller) => caller.line()));
    const response = await fetch(`${engineUrl}/arrivals`);
    return { ...judge((await response.json()) as Arrival[], task.ratePerSecond), callers: told };
  } finally {
    await Promise.all(running.map((program) => program.stop()));
  }
}

interface Arrival {
  readonly at: number;
  readonly heldInMs: number;
}

/**
 * More than `rate` calls in a second means that the first and the one `rate` after it lie less than a second apart.
 * The first may have come earlier than the engine's process, held up itself, took note of it: it gets the benefit.
 */
function judge(arrivals: readonly Arrival[], ratePerSecond: number): Omit<Measured, 'callers'> {
  let worstSecond = 0;
  let worstCertain = 0;
  for (const [place, { at }] of arrivals.entries()) {
    const inSecond = arrivals.slice(0, place + 1).filter((other) => other.at > at - 1000);
    worstSecond = Math.max(worstSecond, inSecond.length);
    const isCertain = (other: Arrival) => other.at - other.heldInMs > at - 1000;
    worstCertain = Math.max(worstCertain, inSecond.filter(isCertain).length);
  }
  const spanInSeconds = ((arrivals.at(-1)?.at ?? 0) - (arrivals[0]?.at ?? 0)) / 1000;
  const used = (arrivals.length - 1) / spanInSeconds / ratePerSecond;
  return { calls: arrivals.length, worstSecond, worstCertain, used };
}
