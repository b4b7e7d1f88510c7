import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Child {
  readonly process: ChildProcess;
  /** The next line of its output that was not read yet. */
  line(): Promise<string>;
  /** Ends it with `kill -9` and waits until it is gone. */
  kill(): Promise<void>;
  /** Closes its input, by which it is asked to end, and gives its exit code. */
  end(): Promise<number | null>;
}

/** A Node.js process that talks in lines. `uid`: as whom it runs; else as we do. */
export function runChild(script: string, args: readonly string[], { uid }: { uid?: number } = {}): Child {
  const user = uid !== undefined && { uid, gid: uid };
  const child = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'], ...user });
  const exited = once(child, 'exit');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    process: child,
    async line() {
      const { value, done } = await lines.next();
      if (done === true) throw new Error('the process ended without a word');
      return value;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async end() {
      child.stdin.end();
      await exited;
      return child.exitCode;
    },
  };
}
