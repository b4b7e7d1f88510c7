import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const buildScript = join(root, 'scripts', 'build.js');

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
  const main = join(await buildOnce('command-line', []), 'dist', 'cli', 'main.js');
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

/** Absolute path of a built file of `src`, for processes that use a part of it. */
export async function builtFile(path: string): Promise<string> {
  return join(await buildOnce('modules', ['--modules']), 'dist', path);
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

const built = new Map<string, Promise<string>>();

/** Into a folder named after the sources' content: test files share it, and never see half of one. */
function buildOnce(name: string, flags: readonly string[]): Promise<string> {
  const folder = built.get(name) ?? build(name, flags);
  built.set(name, folder);
  return folder;
}

async function build(name: string, flags: readonly string[]): Promise<string> {
  const folder = join(root, 'node_modules', '.cache', 'rollcall', `${name}-${await hashSources()}`);
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}`;
  const args = [buildScript, '--out', join(draft, 'dist'), '--no-types', ...flags];
  try {
    await execa(process.execPath, args);
    await copyFile(join(root, 'package.json'), join(draft, 'package.json'));
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
  // Another process may have been first.
  await rename(draft, folder).catch(() => rm(draft, { recursive: true }));
  return folder;
}

async function hashSources(): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(join(root, 'src'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of [join(root, 'package.json'), buildScript, ...files.sort()])
    hash.update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
}
