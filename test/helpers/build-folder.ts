import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { makeOnce } from './make-once.ts';
import { fixturesFolder } from './seed-documents.ts';

const root = join(fixturesFolder(), '..', '..');
/** Within the project, so that what is built finds its packages. */
const cache = join(root, 'node_modules', '.cache', 'rollcall');
const oldestInMs = 24 * 3_600_000;

/**
 * A folder that is built from sources of the project, once for all test files and as long as the sources stay the same:
 * its name has the hash of their content. `sources` are files and folders, from the root of the project.
 */
export async function buildFolder(options: {
  readonly name: string;
  readonly sources: readonly string[];
  readonly build: (draft: string) => Promise<void>;
}): Promise<string> {
  const folder = join(cache, `${options.name}-${await hashOf(['package.json', ...options.sources])}`);
  return makeOnce(folder, async (draft) => {
    await removeOld(options.name);
    await options.build(draft);
  });
}

/** Compiles a project of TypeScript without its types, which are left to the type check: that takes a tenth of the time. */
export async function compile(project: string, outDir: string, ...more: readonly string[]): Promise<void> {
  const options = ['-p', join(root, project), '--outDir', outDir, '--noCheck', ...more];
  await execa(join(root, 'node_modules', '.bin', 'tsc'), options);
}

async function hashOf(sources: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const source of sources) {
    for (const file of await filesOf(join(root, source)))
      hash.update(`${file}\n`).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}

async function filesOf(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** What earlier states of the sources left behind, unless somebody may still use it. */
async function removeOld(name: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    if (!entry.startsWith(`${name}-`)) continue;
    const path = join(cache, entry);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > oldestInMs) await rm(path, { recursive: true, force: true });
  }
}
