import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { buildFolder } from './build-folder.ts';
import { fixturesFolder } from './seed-documents.ts';

const root = join(fixturesFolder(), '..', '..');

/** How a command ended. */
export interface CommandEnd {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** A command that runs. */
export interface RunningCommand {
  readonly pid: number;
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
  signal(name: NodeJS.Signals): void;
  readonly ended: Promise<CommandEnd>;
}

export interface CommandOptions {
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** Another machine, as far as names go: see `canRenameHost`. */
  readonly hostname?: string;
}

/** The command line as its users have it: a process, with nothing of this one's settings or credentials. */
export interface CommandLine {
  start(args: readonly string[], options: CommandOptions): RunningCommand;
  run(args: readonly string[], options: CommandOptions): Promise<CommandEnd>;
}

/** As `npm run build` builds it, from the sources as they are now. */
export async function openCommandLine(): Promise<CommandLine> {
  const main = await builtProgram();
  const start: CommandLine['start'] = (args, { folder, environment = {}, input = '', hostname }) => {
    const [program, ...before] = [...(hostname === undefined ? [] : elsewhere(hostname)), process.execPath];
    const child = execa(program, [...before, main, ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
      extendEnv: false,
      input,
      reject: false,
      // A test that failed leaves nothing behind.
      cleanup: true,
      // Whoever is told to stop may take its time: execa would end it with SIGKILL after five seconds.
      forceKillAfterDelay: false,
    });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    return {
      pid: child.pid ?? 0,
      stdout: () => stdout,
      stderr: () => stderr,
      signal: (name) => void child.kill(name),
      ended: child.then(({ stdout, stderr, exitCode }) => ({ stdout, stderr, exitCode: exitCode ?? -1 })),
    };
  };
  return { start, run: (args, options) => start(args, options).ended };
}

let built: Promise<string> | undefined;

/** The file to start, as `npm run build` builds it from the sources as they are now. */
export async function builtProgram(): Promise<string> {
  built ??= buildFolder({
    name: 'command-line',
    sources: ['src', 'web', 'scripts/build.js', 'scripts/build-web.js'],
    async build(draft) {
      const script = join(root, 'scripts', 'build.js');
      await execa(process.execPath, [script, '--out', join(draft, 'dist'), '--no-types']);
      await copyFile(join(root, 'package.json'), join(draft, 'package.json'));
    },
  });
  return join(await built, 'dist', 'cli', 'main.js');
}

/** A namespace of its own for the host's name, in which the program keeps its process id. */
const elsewhere = (hostname: string) => [
  'unshare',
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
  ...['--uts', 'sh', '-c', 'hostname "$0" && exec "$@"', hostname],
];

/** Whether this system lets a process have another host's name. */
export async function canRenameHost(): Promise<boolean> {
  const [program = '', ...args] = elsewhere('elsewhere');
  return (await execa(program, [...args, 'true'], { reject: false })).exitCode === 0;
}
