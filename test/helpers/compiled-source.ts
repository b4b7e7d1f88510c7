import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildFolder, compile } from './build-folder.ts';
import { fixturesFolder } from './seed-documents.ts';

const root = join(fixturesFolder(), '..', '..');

export interface CompiledSource {
  /** The compiled form of a file of the project, named by its path from the root. */
  pathOf(source: string): string;
}

let compiled: Promise<string> | undefined;

/** The project, compiled for tests that need processes of their own, which plain Node.js can run. */
export async function compileSource(): Promise<CompiledSource> {
  compiled ??= compileAll();
  const folder = await compiled;
  return { pathOf: (source) => join(folder, source.replace(/\.ts$/, '.js')) };
}

function compileAll(): Promise<string> {
  return buildFolder({
    name: 'compiled',
    sources: ['src', 'test', 'scripts'],
    async build(draft) {
      await compile('tsconfig.json', draft, '--noEmit', 'false', '--rootDir', root);
      await copyFile(join(root, 'package.json'), join(draft, 'package.json'));
    },
  });
}
