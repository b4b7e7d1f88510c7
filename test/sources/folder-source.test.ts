import { execFile } from 'node:child_process';
import { mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isOfOneFolder, isSameFolder } from '../../src/sources/folder/folder-walk.ts';
import { openSource } from '../../src/sources/open-source.ts';
import type { ListedPhoto } from '../../src/sources/source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { listAll, listWhole } from './source-conformance.ts';

let parent: TemporaryFolder;
let root: string;
beforeEach(async () => {
  parent = await makeTemporaryFolder();
  root = join(parent.path, 'archive');
  await mkdir(root);
});
afterEach(() => parent.remove());

async function put(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(join(root, name, '..'), { recursive: true });
    await writeFile(join(root, name), 'photo');
  }
}

const named = (photos: readonly ListedPhoto[]) => photos.map(({ photo }) => photo?.slice(root.length + 1));

test('leaves out what is no photo, and counts it', async () => {
  await put(
    'a.jpg',
    'b.PNG',
    'c.txt',
    '.DS_Store',
    '._a.jpg',
    'Thumbs.db',
    'noext',
    '.hidden/d.jpg',
    'jpg',
    'x.svg',
  );
  const { photos, files, byKind } = await listWhole(await openSource(root));
  expect(named(photos)).toEqual(['a.jpg', 'b.PNG']);
  expect(files).toBe(7);
  expect(byKind).toEqual({ '.db': 1, '.svg': 1, '.txt': 1, '(hidden)': 2, '(no suffix)': 2, '.hidden/': 1 });
});

test('includes and excludes by globs', async () => {
  await put('a.jpg', 'staff/b.jpg', 'staff/old/c.jpg', 'guests/d.png', 'guests/e.jpg');
  const list = async (options: object) => named(await listAll(await openSource(root, options)));
  expect(await list({ include: ['staff/**'] })).toEqual(['staff/b.jpg', 'staff/old/c.jpg']);
  expect(await list({ exclude: ['**/old/**', '*.png'] })).toEqual(['a.jpg', 'guests/e.jpg', 'staff/b.jpg']);
  expect(await list({ include: ['*.jpg'], exclude: ['guests/**'] })).toEqual([
    'a.jpg',
    'staff/b.jpg',
    'staff/old/c.jpg',
  ]);
});

test('gives size and version, which changes with the file', async () => {
  await put('a.jpg');
  const [first] = await listAll(await openSource(root));
  await utimes(join(root, 'a.jpg'), 1, 1);
  const [second] = await listAll(await openSource(root));
  expect(first).toMatchObject({ subjectId: 'a', sizeInBytes: 5, version: expect.stringMatching(/^5-/u) });
  expect(second?.version).toBe('5-1000');
  expect(second?.version).not.toBe(first?.version);
});

test('follows a link to a file inside, and tells every other link that hides a photo', async () => {
  await put('real.jpg', 'folder/x.jpg');
  await writeFile(join(parent.path, 'outside.jpg'), 'photo');
  await mkdir(join(parent.path, 'outside'));
  const link = (target: string, name: string) => symlink(target, join(root, name));
  await link('real.jpg', 'inside.jpg');
  await link('../outside.jpg', 'leaves.jpg');
  await link('../outside', 'out-folder');
  await link('.', 'loop');
  await link('self.jpg', 'self.jpg');
  await link('nowhere', 'broken.jpg');
  await link('nowhere', 'broken-note');
  await link('../outside.jpg', 'note');
  const listed = await listAll(await openSource(root));
  const problems = Object.fromEntries(
    listed.map((photo) => [photo.photo?.slice(root.length + 1), photo.problem]),
  );
  const linkToFolder = 'is a link to a folder, which is not followed; its photos are not listed';
  expect(problems).toEqual({
    'broken.jpg': '"broken.jpg" is a broken link',
    'folder/x.jpg': undefined,
    'inside.jpg': undefined,
    'leaves.jpg': '"leaves.jpg" is a link that leaves the folder; --allow-outside permits that',
    loop: `"loop" ${linkToFolder}`,
    'out-folder': `"out-folder" ${linkToFolder}`,
    'real.jpg': undefined,
    'self.jpg': '"self.jpg" is a broken link',
  });
  const outside = await listAll(await openSource(root, { allowOutside: true }));
  expect(outside.find(({ subjectId }) => subjectId === 'leaves')).not.toHaveProperty('problem');
});

test('a root that is itself a link is a folder like any other', async () => {
  await put('a.jpg');
  await symlink('a.jpg', join(root, 'b.jpg'));
  await symlink(root, join(parent.path, 'link'));
  const listed = await listAll(await openSource(join(parent.path, 'link')));
  expect(listed.map(({ subjectId, problem }) => [subjectId, problem])).toEqual([
    ['a', undefined],
    ['b', undefined],
  ]);
});

test('lists what cannot be a photo with its problem', async () => {
  await put('a/front.jpg', 'lost.jpg', '\u00a0/front.jpg');
  await promisify(execFile)('mkfifo', [join(root, 'a/pipe.jpg')]);
  const badName = Buffer.concat([Buffer.from(join(root, 'a/')), Buffer.from([0xff]), Buffer.from('.jpg')]);
  await writeFile(badName, 'photo');
  const listed = await listAll(await openSource(root, { idFrom: '{id}/{photo}.{ext}' }));
  expect(listed.map(({ problem }) => problem)).toEqual([
    '"a/\\\\xff.jpg" has a name that is not UTF-8; rename it',
    undefined,
    '"a/pipe.jpg" is not a regular file (a pipe, socket or device)',
    '"lost.jpg" gives no subject id by --id-from "{id}/{photo}.{ext}"',
    '"\u00a0/front.jpg": its subject id is empty',
  ]);
});

/** More entries than are looked at together, so that what follows is read after the first photo was given. */
const manyNames = Array.from({ length: 40 }, (_, index) => `a/${String(index).padStart(2, '0')}.jpg`);

test('a folder that cannot be read is a line, and listing goes on', async () => {
  await put(...manyNames, 'b/x.jpg', 'c/x.jpg');
  const listed: ListedPhoto[] = [];
  for await (const photo of (await openSource(root)).list({ signal: new AbortController().signal })) {
    if (listed.length === 0) await rm(join(root, 'b'), { recursive: true });
    listed.push(photo);
  }
  const problem = '"b" is a folder that cannot be read (ENOENT); its photos are not listed';
  expect(listed.slice(40)).toEqual([
    { photo: join(root, 'b'), problem },
    expect.objectContaining({ photo: join(root, 'c/x.jpg') }),
  ]);
});

test('a source that vanishes while it is listed is a fault, not a short list', async () => {
  await put(...manyNames, 'b/x.jpg');
  const listing = async () => {
    for await (const _ of (await openSource(root)).list({ signal: new AbortController().signal })) {
      await rename(root, `${root}-gone`).catch(() => undefined);
    }
  };
  await expect(listing()).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringContaining('restore it'),
  });
});

test('a source that is missing is wrong usage', async () => {
  const source = await openSource(root);
  await rm(root, { recursive: true });
  await expect(listAll(source)).rejects.toMatchObject({ exitCode: 2, code: 'source-missing' });
});

test('goes on exactly after a photo that is gone by now', async () => {
  await put('a.jpg', 'b/x.jpg', 'b/y.jpg', 'b.jpg', 'c.jpg');
  const all = await listAll(await openSource(root));
  await rm(join(root, 'b'), { recursive: true });
  expect(named(await listAll(await openSource(root), { after: all[1] ?? {} }))).toEqual(['b.jpg', 'c.jpg']);
});

test.each([
  ['its rights', ['EACCES', 'EPERM'], true],
  ['its name or its going', ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'], true],
  [
    'a drive or network share',
    ['EIO', 'ESTALE', 'ENOTCONN', 'ENODEV', 'ENXIO', 'EHOSTDOWN', 'ETIMEDOUT'],
    false,
  ],
  ['this machine', ['EMFILE', 'ENFILE', 'ENOMEM', 'unknown'], false],
])('a folder that cannot be read for %s is a gap in the list, or its end', (_, codes, isGap) => {
  expect(codes.map(isOfOneFolder)).toEqual(codes.map(() => isGap));
});

test('a folder is another one by device, or by inode and birth', () => {
  const folder = { device: 1n, inode: 2n, bornAt: 3n };
  expect(isSameFolder(folder, { ...folder })).toBe(true);
  expect(isSameFolder(folder, { ...folder, inode: 9n })).toBe(true);
  expect(isSameFolder(folder, { ...folder, bornAt: 9n })).toBe(true);
  expect(isSameFolder(folder, { ...folder, device: 9n })).toBe(false);
  expect(isSameFolder(folder, { device: 1n, inode: 9n, bornAt: 9n })).toBe(false);
});
