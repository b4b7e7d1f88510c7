import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { smallAndSlow } from '../setup/sort-tests.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const read = (path: string) => readFile(join(root, path), 'utf8');

describe('the page about the tests', () => {
  it('names every helper, and none that there is not', async () => {
    const page = await read('test/README.md');
    const helpers = (await readdir(join(root, 'test', 'helpers'))).filter((name) => /\.[jt]s$/.test(name));
    const rows = [...page.matchAll(/^\| `([\w-]+\.[jt]s)` +\|/gm)].map(([, name = '']) => name);
    expect(rows.toSorted()).toEqual(helpers.toSorted());
    for (const name of await readdir(join(root, 'test', 'setup'))) expect(page).toContain(`\`${name}\``);
  });

  it('begins with files that there are', async () => {
    for (const path of smallAndSlow) expect(await read(path), path).not.toBe('');
  });

  it('shows only commands that there are', async () => {
    const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> };
    const shown = [...(await read('test/README.md')).matchAll(/^npm run ([\w:]+)/gm)];
    for (const [, name = ''] of shown) expect(scripts).toHaveProperty([name]);
  });
});

describe('what CI runs', () => {
  it('is the command for tests that the README names, and all of them', async () => {
    const [, command = ''] = /^(?:npm ci && )?(npm test)$/m.exec(await read('README.md')) ?? [];
    expect(command).toBe('npm test');
    expect(await read('.ci/run')).toMatch(/^\(npm ci [^\n]*&& npm test\) 2>&1/m);
    const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> };
    expect(scripts.test).toMatch(/npm run build && .*npm run check && vitest run$/);
    expect(scripts.check).toBe('npm run typecheck && npm run lint && npm run unused');
  });
});
