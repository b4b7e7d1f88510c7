import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRootWatch, saysGone } from '../../src/photos/places/root-watch.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';

test.each([
  [
    'a drive that went',
    ['ENOENT', 'ENOTDIR', 'EIO', 'ESTALE', 'ENOTCONN', 'ENODEV', 'ENXIO', 'EHOSTDOWN'],
    true,
  ],
  ['rights, which a folder that is there may lack', ['EACCES', 'EPERM'], false],
  ['this process', ['EMFILE', 'ENFILE', 'ENOMEM'], false],
])('%s: %j', (_, codes, expected) => {
  for (const code of codes) expect(saysGone(Object.assign(new Error(code), { code })), code).toBe(expected);
});

test('a folder is gone where it is not there or is empty', async () => {
  const folder = await makeTemporaryFolder();
  const watch = createRootWatch();
  expect(await watch.whatIsGone(folder.path)).toMatch(/is empty/);
  expect(await watch.whatIsGone(join(folder.path, 'gone'))).toMatch(/^nor is its folder/);
  await folder.remove();
});
