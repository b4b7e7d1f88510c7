import { spawn } from 'node:child_process';

export interface ProgramResult {
  /** 0: fine; `undefined`: it could not be started or was ended by a signal. */
  readonly exitCode: number | undefined;
  /** What it wrote to both outputs, or why it could not be started. */
  readonly output: string;
}

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Runs a program to its end, in a session of its own: the Ctrl-C of a terminal must not interrupt it. Of our own
 * environment it sees nothing but the path, since a server would show it to others for as long as it runs.
 */
export function runProgram({
  command,
  args,
  folder,
  environment,
  uid,
  gid,
}: Program): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', ...environment },
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', (error) => resolve({ exitCode: undefined, output: error.message }));
    child.once('close', (exitCode) =>
      resolve({ exitCode: exitCode ?? undefined, output: Buffer.concat(chunks).toString('utf8').trim() }),
    );
  });
}
