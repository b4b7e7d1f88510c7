import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fixturesFolder } from './seed-documents.ts';

const built = new Map<string, Promise<string>>();

/**
 * Compiles a helper that runs as a process of its own, since Node.js 20 does not run TypeScript (about a second), into
 * a folder named after the sources' content: another process finds it whole or not at all. `name` begins the names of
 * its files and of its `.tsconfig.json`; gives the path of `<name>-process.js`.
 */
export function buildHelper(name: string): Promise<string> {
  const known = built.get(name) ?? compile(name);
  built.set(name, known);
  return known;
}

async function compile(name: string): Promise<string> {
  const sources = join(fixturesFolder(), '..', 'helpers');
  const cache = join(sources, '..', '..', 'node_modules', '.cache', 'rollcall');
  const folder = join(cache, `${name}-${hashSources(sources, name)}`);
  const file = join(folder, `${name}-process.js`);
  if (existsSync(file)) return file;
  const draft = `${folder}.${process.pid}`;
  const project = join(sources, `${name}.tsconfig.json`);
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

function hashSources(folder: string, name: string): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(folder).sort()) {
    if (file.startsWith(name) || file.startsWith('seed-documents'))
      hash.update(readFileSync(join(folder, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

function findCompiler(): string {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  return join(dirname(manifest), 'bin', 'tsc');
}
