import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { settingKeys } from '../../src/engines/settings.ts';
import { runInThisProcess } from '../helpers/command-in-process.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';
import { settingsTable } from './settings-table.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const readmePath = join(root, 'README.md');
const settingsBlock = /(<!-- settings: [^\n]*-->\n)([\s\S]*?)(<!-- \/settings -->)/;

describe('the README', () => {
  it('lists every setting with its three names and its default', async () => {
    const readme = await readFile(readmePath, 'utf8');
    const updated = readme.replace(settingsBlock, `$1${settingsTable()}\n$3`);
    if (process.env.UPDATE_README) await writeFile(readmePath, updated);
    else expect(readme, 'to bring it up to date: UPDATE_README=1 npx vitest run test/docs').toBe(updated);
    for (const key of settingKeys) expect(updated).toContain(`\`${key}\``);
  });

  it('shows only commands and flags that there are', async () => {
    const readme = await readFile(readmePath, 'utf8');
    const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block).join('\n');
    const commands = [...blocks.matchAll(/(?:npx |\| |^)rollcall ([a-z-]+) ?([^\n#]*)/gm)];
    expect(commands.length).toBeGreaterThan(10);
    const folder = await makeTemporaryFolder();
    const help = new Map<string, string>();
    for (const [text, name = '', rest = ''] of commands) {
      if (!help.has(name)) {
        const { stdout } = await runInThisProcess([name, '--help'], { folder: folder.path });
        help.set(name, stdout);
      }
      expect(help.get(name), text).toContain(`rollcall ${name} `);
      for (const [flag] of rest.matchAll(/--[a-z-]+/g)) expect(help.get(name), text).toContain(flag);
    }
    await folder.remove();
  });
});

describe('the documents', () => {
  it('link to nothing that is not there', async () => {
    const inDocs = (await readdir(join(root, 'docs'), { recursive: true })).filter((name) =>
      name.endsWith('.md'),
    );
    for (const path of [
      'README.md',
      'CONTRIBUTING.md',
      'CHANGELOG.md',
      ...inDocs.map((name) => join('docs', name)),
    ]) {
      const text = await readFile(join(root, path), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        expect(existsSync(join(root, dirname(path), target)), `${path} links to ${target}`).toBe(true);
      }
    }
  });
});
