import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPhotoReader } from '../../src/photos/read-photo.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

let parent: TemporaryFolder;
let root: string;
beforeEach(async () => {
  parent = await makeTemporaryFolder();
  root = join(parent.path, 'Jose\u0301 archive');
  await mkdir(root);
});
afterEach(() => parent.remove());

async function read(listed: string, onDisk: readonly string[]) {
  for (const name of onDisk) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), name);
  }
  const reader = createPhotoReader({ allowPrivate: false, timeoutInMs: 1000, rootFolder: root });
  const photo = await reader.read(join(root, listed), new AbortController().signal);
  return 'problem' in photo
    ? photo.problem
    : { found: photo.bytes.toString(), warnings: photo.warnings ?? [] };
}

const odd = ['photo-name-differs'];
const nfc = 'Andr\u00e9';
const nfd = 'Andre\u0301';

test.each<[string, string, string[], string, string[]]>([
  ['NFC in the list, NFD on the disk', `${nfc}.jpg`, [`${nfd}.jpg`], `${nfd}.jpg`, odd],
  ['NFD in the list, NFC on the disk', `${nfd}.jpg`, [`${nfc}.jpg`], `${nfc}.jpg`, odd],
  ['both on the disk: the one that is named', `${nfc}.jpg`, [`${nfd}.jpg`, `${nfc}.jpg`], `${nfc}.jpg`, []],
  ['a folder in the other form', `${nfc}/x.jpg`, [`${nfd}/x.jpg`], `${nfd}/x.jpg`, odd],
  [
    'folder and file in different forms',
    `${nfc}/${nfc}.jpg`,
    [`${nfd}/${nfc}.jpg`],
    `${nfd}/${nfc}.jpg`,
    odd,
  ],
  ['Korean', '\ud55c.jpg', ['\u1112\u1161\u11ab.jpg'], '\u1112\u1161\u11ab.jpg', odd],
  ['back slashes', 'sub\\x.jpg', ['sub/x.jpg'], 'sub/x.jpg', odd],
  ['a dot and back slashes', '.\\sub\\deep\\x.jpg', ['sub/deep/x.jpg'], 'sub/deep/x.jpg', odd],
  ['back slashes and the other form', `${nfc}\\${nfc}.jpg`, [`${nfd}/${nfd}.jpg`], `${nfd}/${nfd}.jpg`, odd],
  ['a name with a back slash', 'sub\\x.jpg', ['sub/x.jpg', 'sub\\x.jpg'], 'sub\\x.jpg', []],
])('%s', async (_, listed, onDisk, found, warnings) => {
  expect(await read(listed, onDisk)).toEqual({ found, warnings });
});

test.each<[string, string, string[]]>([
  ['two could be meant', `${nfc}${nfd}.jpg`, [`${nfc}${nfc}.jpg`, `${nfd}${nfd}.jpg`]],
  ['another letter', 'Andre.jpg', [`${nfc}.jpg`]],
  ['another case', `${nfc}.JPG`, [`${nfc}.jpg`]],
  ['nothing is there', `${nfc}.jpg`, []],
])('%s: it is not there', async (_, listed, onDisk) => {
  expect(await read(listed, onDisk)).toMatch(/ is not there/);
});

test('another name leads out of the folder no more than the one that is written', async () => {
  await writeFile(join(parent.path, 'secret.jpg'), 'secret');
  await symlink(parent.path, join(root, nfd));
  expect(await read('..\\secret.jpg', [])).toMatch(/leads out of the folder/);
  expect(await read('sub\\..\\..\\secret.jpg', ['sub/x.jpg'])).toMatch(/leads out of the folder/);
  expect(await read(`${nfc}/secret.jpg`, [])).toMatch(/leads out of the folder/);
});
