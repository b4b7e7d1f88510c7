import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { warningMeanings } from '../../src/util/warning.ts';

const page = fileURLToPath(new URL('../../docs/operations.md', import.meta.url));
const block = /(<!-- warnings: [^\n]*-->\n)([\s\S]*?)(<!-- \/warnings -->)/;

it('docs/operations.md lists every warning with what it means', async () => {
  const text = await readFile(page, 'utf8');
  const rows = Object.entries(warningMeanings).map(([warning, meaning]) => `| \`${warning}\` | ${meaning} |`);
  const table = ['| warning | means |', '|---|---|', ...rows].join('\n');
  const updated = text.replace(block, `$1${table}\n$3`);
  if (process.env.UPDATE_README) await writeFile(page, updated);
  else expect(text, 'to bring it up to date: UPDATE_README=1 npx vitest run test/docs').toBe(updated);
});
