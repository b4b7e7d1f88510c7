/**
 * Builds the package: the program in a few dozen files, of which a command loads those that it needs, their source
 * maps, the page (build-web.js), and the typings. Plain JavaScript, since Node.js 20 runs no TypeScript.
 *
 *   node scripts/build.js [--out dist] [--no-types]
 *
 * --no-types   leaves the typings out: a second instead of ten
 */

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { buildWeb } from './build-web.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'src');

/** The entries of the package, by their names in the output. Files of threads are found by who starts them. */
const entries = { index: join(source, 'index.ts'), 'cli/program': join(source, 'cli', 'program.ts') };

/**
 * A thread is started from a file of its own, `new URL('./name.js', import.meta.url)`: that becomes one of the output's.
 * @type {import('rolldown').Plugin}
 */
const threads = {
  name: 'threads',
  async transform(code, importer) {
    let changed = code;
    for (const [address, file = ''] of code.matchAll(/new URL\('(\.\/[\w-]+\.js)', import\.meta\.url\)/g)) {
      const resolved = await this.resolve(file, importer);
      if (!resolved) throw new Error(`${importer} starts ${file}, which is not there.`);
      const reference = this.emitFile({ type: 'chunk', id: resolved.id });
      changed = changed.replace(address, `new URL(import.meta.ROLLUP_FILE_URL_${reference})`);
    }
    // Places within a line are all that moves.
    return changed === code ? undefined : { code: changed, map: null };
  },
};

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'dist') },
    types: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const out = resolve(values.out);
await rm(out, { recursive: true, force: true });
await Promise.all([bundle(), buildWeb(join(out, 'web')), values.types && emitTypes()]);

async function bundle() {
  const build = await rolldown({
    input: entries,
    platform: 'node',
    // Dependencies are installed, not copied.
    external: (id) => !/^[./]/.test(id),
    plugins: [threads],
    logLevel: 'warn',
    checks: { pluginTimings: false },
  });
  await build.write({
    dir: out,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    sourcemap: true,
  });
  await build.close();
  // As it is: it has to be read by a Node.js that reads none of the rest.
  const main = join(out, 'cli', 'main.js');
  await copyFile(join(source, 'cli', 'main.js'), main);
  await chmod(main, 0o755);
}

/** Of all typings only those that the index needs are part of the package. */
async function emitTypes() {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const draft = `${out}.types`;
  const args = ['-p', join(root, 'tsconfig.build.json'), '--outDir', draft];
  try {
    await promisify(execFile)(process.execPath, [compiler, ...args]);
    for (const file of withImports(draft, ['index.d.ts'])) {
      await mkdir(dirname(join(out, file)), { recursive: true });
      await rename(join(draft, file), join(out, file));
    }
  } catch (error) {
    throw new Error(`The typings could not be made.\n${/** @type {any} */ (error).stdout ?? ''}`, {
      cause: error,
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/**
 * Files, and what they import of others in the folder.
 * @param {string} folder
 * @param {string[]} files - grows while it is walked
 */
function withImports(folder, files) {
  for (const file of files) {
    const text = readFileSync(join(folder, file), 'utf8');
    for (const [, imported = ''] of text.matchAll(/(?:from|import\() ?['"](\.[^'"]+)\.ts['"]/g)) {
      const found = join(dirname(file), `${imported}.d.ts`);
      if (!files.includes(found)) files.push(found);
    }
  }
  return files;
}
