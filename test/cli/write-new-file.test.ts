import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { assertNewFile } from '../../src/cli/write-new-file.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';

it('a file that cannot be written is found before there is anything to write', async () => {
  const folder = await makeTemporaryFolder();
  const look = (name: string) => assertNewFile({ file: join(folder.path, name), flag: '--output' });
  await writeFile(join(folder.path, 'old'), 'text');
  await expect(look('old')).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('exists'),
  });
  await expect(look('none/new')).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('its folder is not there: make it'),
  });
  await look('new');
  expect(await readdir(folder.path)).toEqual(['old']);
  await folder.remove();
});
