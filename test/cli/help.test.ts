import { expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { settingGroups } from '../../src/settings/setting.ts';
import { runInThisProcess } from '../helpers/command-in-process.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';

async function helpOf(...command: string[]): Promise<string> {
  const folder = await makeTemporaryFolder();
  const { exitCode, stdout } = await runInThisProcess([...command, '--help'], { folder: folder.path });
  await folder.remove();
  expect(exitCode).toBe(0);
  return stdout;
}

it('run --help has its flags in groups, and names s3:// as a source', async () => {
  const help = await helpOf('run');
  const headings = [...help.matchAll(/^([A-Z][a-z ]+):$/gm)].map(([, heading = '']) => heading.toLowerCase());
  expect(headings).toEqual(['arguments', 'options', ...settingGroups, 'examples']);
  const [, aboutSource = ''] = /^ {2}source +([\s\S]*?)\n\n/m.exec(help) ?? [];
  expect(aboutSource).toContain('s3://bucket/prefix/');
});

it.each(Object.keys(commands))('the help of %s fits 80 columns', async (name) => {
  const help = await helpOf(name);
  for (const line of help.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
});

it.each([['worker'], ['status'], ['resume'], ['schedule', 'add'], ['engine']])(
  'so has rollcall %s what it understands',
  async (...command) => {
    expect(await helpOf(...command)).toMatch(/^Queue and state:$/m);
  },
);

it.each([
  [['run', 'photos', '--engin', 'ooto'], '(see rollcall run --help)'],
  [['prune'], '(see rollcall prune --help)'],
  [['rum', 'photos'], '(see rollcall --help)'],
])('%j is told where to look', async (words, where) => {
  const folder = await makeTemporaryFolder();
  const { exitCode, stderr } = await runInThisProcess(words, { folder: folder.path });
  await folder.remove();
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(where) });
});
