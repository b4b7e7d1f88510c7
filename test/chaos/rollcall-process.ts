import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** The project's command line, as a process. */
export interface RollcallProcess {
  readonly pid: number;
  /** What it has said so far, for messages. */
  readonly output: { stdout: string; stderr: string };
  readonly isRunning: boolean;
  /** Its exit code; undefined if a signal ended it. */
  readonly ended: Promise<number | undefined>;
  signal(name: NodeJS.Signals): void;
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts the built command line, or another program that takes its place. */
export function startRollcall(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): RollcallProcess {
  const { PATH = '', HOME = '', TMPDIR } = process.env;
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH, HOME, ...(TMPDIR !== undefined && { TMPDIR }), ...environment },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  // An embedded server that it leaves behind may keep its output open.
  const ended = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : undefined));
  return {
    pid: child.pid ?? 0,
    output,
    ended,
    get isRunning() {
      return child.exitCode === null && child.signalCode === null;
    },
    signal: (name) => void child.kill(name),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
