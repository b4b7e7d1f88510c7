import { copyFile, cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFiles } from '../helpers/photos.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Both parts of `npm run lint` that know of imports, on a copy of the sources. */
describe('npm run lint', () => {
  let copy: TemporaryFolder;

  beforeAll(async () => {
    copy = await makeTemporaryFolder();
    await cp(join(root, 'src'), join(copy.path, 'src'), { recursive: true });
    await copyFile(join(root, 'biome.json'), join(copy.path, 'biome.json'));
  });
  afterAll(() => copy.remove());

  const lintRooms = () =>
    execa(process.execPath, [join(root, 'scripts', 'lint-rooms.js'), copy.path], { reject: false });

  it.each([
    ['an import', "import '../cli/output.ts';", 'an import'],
    ['a type', "import type { Rollcall } from '../runs/open-rollcall.ts';\nexport type R = Rollcall;", ''],
    ['a type that is passed on', "export type { Rollcall } from '../runs/open-rollcall.ts';", ''],
    ['an import when it is needed', "export const late = () => import('../cli/output.ts');", ''],
  ])('fails on %s from a room above', async (_what, line) => {
    await writeFiles(copy.path, { 'src/util/upward.ts': `${line}\n` });
    const { exitCode, stderr } = await lintRooms();
    expect(stderr).toMatch(/^src\/util\/upward\.ts imports src\/(cli|runs)\/\S+: util is below \1\.$/m);
    expect(exitCode).toBe(1);
    await writeFiles(copy.path, { 'src/util/upward.ts': '' });
    expect(await lintRooms()).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('fails on two folders of a room that import each other', async () => {
    const [one, other] = ['src/queue/redis/ring.ts', 'src/queue/postgres/ring.ts'];
    await writeFiles(copy.path, {
      [one]: "import '../postgres/ring.ts';\n",
      [other]: "export type { KeyedStore } from '../redis/other.ts';\n",
    });
    const { exitCode, stderr } = await lintRooms();
    expect(stderr).toContain('src/queue/postgres and src/queue/redis import each other');
    expect(exitCode).toBe(1);
    await writeFiles(copy.path, { [one]: '', [other]: '' });
  });

  it('fails on a file that is in none of the rooms', async () => {
    await writeFiles(copy.path, { 'src/common/misc.ts': '' });
    expect(await lintRooms()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('"common"') });
  });

  it('fails on files that import each other, by types alone, too', async () => {
    await writeFiles(copy.path, {
      'src/util/ring-a.ts': "import { b } from './ring-b.ts';\nexport const a = () => b;\n",
      'src/util/ring-b.ts': "import { a } from './ring-a.ts';\nexport const b = () => a;\n",
      'src/records/types-a.ts':
        "import type { B } from './types-b.ts';\nexport interface A {\n  readonly b: B;\n}\n",
      'src/records/types-b.ts':
        "import type { A } from './types-a.ts';\nexport interface B {\n  readonly a: A;\n}\n",
    });
    const biome = join(root, 'node_modules', '.bin', 'biome');
    const { exitCode, stdout, stderr } = await execa(biome, ['check', '--error-on-warnings', 'src'], {
      cwd: copy.path,
      reject: false,
    });
    const found = [...`${stdout}${stderr}`.matchAll(/^(\S+):\d+:\d+ lint\/suspicious\/noImportCycles/gm)];
    expect([...new Set(found.map(([, file]) => file))].sort()).toEqual([
      'src/records/types-a.ts',
      'src/records/types-b.ts',
      'src/util/ring-a.ts',
      'src/util/ring-b.ts',
    ]);
    expect(exitCode).toBe(1);
  });
});
