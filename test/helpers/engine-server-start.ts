import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { createEngineServerControl, type EngineServerControl } from './engine-server-control.ts';
import { fixturesFolder } from './seed-documents.ts';

export interface EngineServerProcess {
  readonly url: string;
  readonly pid: number;
  readonly control: EngineServerControl;
  stop(): Promise<void>;
}

/** Starts the engine server as a process of its own (engine-server-process.ts), from its built copy. */
export async function startEngineServerProcess(
  options: { port?: number; latencyInMs?: readonly [number, number]; seed?: number } = {},
): Promise<EngineServerProcess> {
  const [least, most] = options.latencyInMs ?? [0, 0];
  const settings = [
    '--port',
    options.port ?? 0,
    '--latency-in-ms',
    `${least}..${most}`,
    '--seed',
    options.seed ?? 1,
  ];
  const file = await buildEngineServer();
  const child = spawn(process.execPath, [file, ...settings.map(String)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface(child.stdout);
  const [url] = await Promise.race([
    once(lines, 'line') as Promise<[string]>,
    exited.then(([code]) => Promise.reject(new Error(`the engine server ended with ${code}`))),
  ]);
  return {
    url,
    pid: child.pid ?? 0,
    control: createEngineServerControl(url),
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

let built: Promise<string> | undefined;

/**
 * Compiles it, since Node.js 20 does not run TypeScript (about a second), into a folder named after the sources'
 * content: another process finds it whole or not at all.
 */
function buildEngineServer(): Promise<string> {
  built ??= compile();
  return built;
}

async function compile(): Promise<string> {
  const sources = join(fixturesFolder(), '..', 'helpers');
  const cache = join(sources, '..', '..', 'node_modules', '.cache', 'rollcall');
  const folder = join(cache, `engine-server-${hashSources(sources)}`);
  const file = join(folder, 'engine-server-process.js');
  if (existsSync(file)) return file;
  const draft = `${folder}.${process.pid}`;
  const project = join(sources, 'engine-server.tsconfig.json');
  await promisify(execFile)(process.execPath, [findCompiler(), '-p', project, '--outDir', draft]);
  writeFileSync(join(draft, 'package.json'), '{"type":"module"}');
  try {
    renameSync(draft, folder);
  } catch {
    // Another process was first.
    rmSync(draft, { recursive: true });
  }
  return file;
}

function hashSources(folder: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) {
    if (/^(engine-server|seed-documents)/.test(name)) hash.update(readFileSync(join(folder, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

function findCompiler(): string {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  return join(dirname(manifest), 'bin', 'tsc');
}
