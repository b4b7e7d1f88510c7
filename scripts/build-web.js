/**
 * Builds the page: `app/`, which `rollcall serve` gives, and `report.html`, one file with all that it needs, into which
 * the data of a run are put.
 */

import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'web');

/** @type {import('vite').InlineConfig} */
const common = {
  root: folder,
  configFile: false,
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
};

/** @param {string} out - is made; what is in it stays */
export async function buildWeb(out) {
  await Promise.all([buildApp(join(out, 'app')), buildReport(join(out, 'report.html'))]);
}

/** @param {string} outDir */
async function buildApp(outDir) {
  // Nothing as a `data:` address: the server's Content-Security-Policy has no need to allow any.
  await build({
    ...common,
    build: { ...quietly(), outDir, assetsInlineLimit: 0, modulePreload: false, emptyOutDir: false },
  });
}

/** Without a remark on how long its parts took. @param {string} [input] */
const quietly = (input) => ({
  rolldownOptions: { ...(input !== undefined && { input }), checks: { pluginTimings: false } },
});

/** @param {string} file */
async function buildReport(file) {
  const result = await build({
    ...common,
    publicDir: false,
    build: { ...quietly(join(folder, 'src/report/main.tsx')), write: false, cssCodeSplit: false },
  });
  const { output } = /** @type {import('vite').Rolldown.RolldownOutput} */ (result);
  const chunks = output.filter((one) => one.type === 'chunk');
  if (chunks.length !== 1)
    throw new Error(`The report has ${chunks.length} scripts; one file has room for one.`);
  // What would end the element: in a script only text can have it, and `\/` is the same there.
  const script = (chunks[0]?.code ?? '').trim().replaceAll('</script', '<\\/script');
  const style = output.flatMap((one) =>
    one.fileName.endsWith('.css') && 'source' in one ? [String(one.source)] : [],
  );
  const parts = { script, style: style.join('').trim() };
  const template = await readFile(join(folder, 'report.html'), 'utf8');
  const page = template
    .replace(
      'Content-Security-Policy" content=""',
      () => `Content-Security-Policy" content="${policyFor(parts)}"`,
    )
    .replace('<style></style>', () => `<style>${parts.style}</style>`)
    .replace('<script type="module"></script>', () => `<script type="module">${script}</script>`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, page);
}

/** Nothing is loaded from anywhere, and no other script or style is used. @param {{script: string, style: string}} parts */
function policyFor({ script, style }) {
  /** @param {string} text */
  const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}
