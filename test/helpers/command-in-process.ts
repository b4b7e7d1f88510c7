import fs from 'node:fs';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import type { CommandEnd, CommandOptions } from './command-line.ts';

let current: string | undefined;

/**
 * A command in this process: a tenth of the time that a process of its own takes. Signals, pipes, kills and what happens
 * to a process are for `openCommandLine`, and so are two commands at once: while one runs, folder, environment and output
 * of this process are the command's.
 * @throws where another one runs, or for settings that Node.js reads only when it starts
 */
export async function runInThisProcess(
  args: readonly string[],
  { folder, environment = {} }: Pick<CommandOptions, 'folder' | 'environment'>,
): Promise<CommandEnd> {
  const ofNode = Object.keys(environment).find((name) => name.startsWith('NODE_'));
  if (ofNode !== undefined) throw new Error(`${ofNode} is read when a process starts: start the command`);
  const command = args.join(' ');
  if (current !== undefined)
    throw new Error(`"${current}" still runs in this process: start "${command}" or the other as a process`);
  current = command;
  const before = { folder: process.cwd(), environment: process.env };
  const { PATH, HOME } = process.env;
  const output = interceptOutput();
  process.chdir(folder);
  process.env = Object.fromEntries(
    Object.entries({ PATH, HOME, ...environment }).filter(([, value]) => value !== undefined),
  );
  process.exitCode = undefined;
  try {
    const exitCode = await runCommandLine(args);
    return { exitCode, ...output.texts() };
  } finally {
    process.exitCode = undefined;
    process.env = before.environment;
    process.chdir(before.folder);
    output.release();
    current = undefined;
  }
}

/** Keeps what is written to stdout and stderr, also by a log that writes to the file itself, instead of writing it. */
function interceptOutput() {
  const [out, err] = [process.stdout.write, process.stderr.write];
  const { writeSync } = fs;
  const texts = { stdout: '', stderr: '' };
  const keep = (name: keyof typeof texts) => (chunk: string | Uint8Array) => {
    texts[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    return true;
  };
  process.stdout.write = keep('stdout');
  process.stderr.write = keep('stderr');
  fs.writeSync = ((file: number, chunk: string | Uint8Array, ...rest: []) => {
    if (file !== 2) return writeSync(file, chunk as string, ...rest);
    keep('stderr')(chunk);
    return Buffer.byteLength(chunk);
  }) as typeof writeSync;
  return {
    // As a process's output is given: without the last line's end.
    texts: () => ({ stdout: texts.stdout.replace(/\n$/, ''), stderr: texts.stderr.replace(/\n$/, '') }),
    release() {
      process.stdout.write = out;
      process.stderr.write = err;
      fs.writeSync = writeSync;
    },
  };
}
