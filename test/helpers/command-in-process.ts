import { runCommandLine } from '../../src/cli/run-command-line.ts';
import type { CommandEnd, CommandOptions } from './command-line.ts';

/**
 * A command in this process: a tenth of the time that a process of its own takes. For commands that end soon by
 * themselves; signals, pipes and what happens to a process are for `openCommandLine`. One at a time: while it runs,
 * folder, environment and output of this process are the command's.
 */
export async function runInThisProcess(
  args: readonly string[],
  { folder, environment = {} }: Pick<CommandOptions, 'folder' | 'environment'>,
): Promise<CommandEnd> {
  const before = { folder: process.cwd(), environment: process.env };
  const { PATH, HOME } = process.env;
  const [stdout, stderr] = [intercept(process.stdout), intercept(process.stderr)];
  process.chdir(folder);
  process.env = Object.fromEntries(
    Object.entries({ PATH, HOME, ...environment }).filter(([, value]) => value !== undefined),
  );
  try {
    const exitCode = await runCommandLine(args);
    return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    process.exitCode = undefined;
    process.env = before.environment;
    process.chdir(before.folder);
    for (const output of [stdout, stderr]) output.release();
  }
}

/** Keeps what is written to a stream instead of writing it. */
function intercept(stream: NodeJS.WriteStream) {
  const { write } = stream;
  let text = '';
  stream.write = (chunk: string | Uint8Array) => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    return true;
  };
  return {
    // As a process's output is given: without the last line's end.
    text: () => text.replace(/\n$/, ''),
    release() {
      stream.write = write;
    },
  };
}
