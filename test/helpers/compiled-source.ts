import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface CompiledSource {
  /** The compiled form of a file of the project, named by its path from the root. */
  pathOf(source: string): string;
  remove(): Promise<void>;
}

/**
 * Compiles the project for tests that need processes of their own, which plain Node.js can run. It lies within the
 * project, so that packages are found. Errors of types are left to the type check.
 */
export async function compileSource(): Promise<CompiledSource> {
  const parent = join(root, 'node_modules', '.cache');
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, 'rollcall-compiled-'));
  const options = ['-p', root, '--noEmit', 'false', '--rootDir', root, '--outDir', folder];
  await execa(join(root, 'node_modules', '.bin', 'tsc'), options, { reject: false });
  return {
    pathOf: (source) => join(folder, source.replace(/\.ts$/, '.js')),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
