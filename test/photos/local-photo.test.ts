import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, truncateSync } from 'node:fs';
import { appendFile, mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPhotoReader } from '../../src/photos/read-photo.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { listAll } from '../sources/source-conformance.ts';

let parent: TemporaryFolder;
let root: string;
beforeEach(async () => {
  parent = await makeTemporaryFolder();
  root = join(parent.path, 'archive');
  await mkdir(root);
});
afterEach(() => parent.remove());

const signal = new AbortController().signal;
const options = { allowPrivate: false, timeoutInMs: 1000 };
const read = (path: string, more = {}) =>
  createPhotoReader({ ...options, rootFolder: root, ...more }).read(path, signal);

test('a file comes with its hash and the version that its folder listed', async () => {
  const path = join(root, 'ü new\nline.jpg');
  await writeFile(path, 'photo');
  const [listed] = await listAll(await openSource(root));
  const sha256 = createHash('sha256').update('photo').digest('hex');
  expect(await read(listed?.photo ?? '')).toEqual({
    bytes: Buffer.from('photo'),
    sha256,
    version: listed?.version,
  });
  await appendFile(path, '!');
  expect(await read(path)).not.toMatchObject({ version: listed?.version });
});

test.each([
  ['missing.jpg', 'is not there', false],
  ['file.jpg/x.jpg', 'ENOTDIR', false],
  [`${'x'.repeat(300)}.jpg`, 'ENAMETOOLONG', false],
  ['folder.jpg', 'is not a regular file', false],
  ['pipe.jpg', 'is not a regular file', false],
  ['socket.jpg', 'cannot be read (ENXIO)', false],
  ['empty.jpg', 'photo is empty (0 bytes)', false],
  ['large.jpg', 'photo is larger than 64 MiB', false],
  ['loop.jpg', 'ELOOP', false],
  ['out.jpg', '--allow-outside permits that', false],
  ['out/x.jpg', '--allow-outside permits that', false],
  ['../outside.jpg', '--allow-outside permits that', false],
])('%s: %s', async (name, text, retryable) => {
  const path = (file: string) => join(root, file);
  await writeFile(path('file.jpg'), 'photo');
  await mkdir(path('folder.jpg'));
  await promisify(execFile)('mkfifo', [path('pipe.jpg')]);
  const { createServer } = await import('node:net');
  const server = createServer().listen(path('socket.jpg'));
  await writeFile(path('empty.jpg'), '');
  await writeFile(path('large.jpg'), '');
  await truncate(path('large.jpg'), 64 * 1024 * 1024 + 1);
  await symlink('loop.jpg', path('loop.jpg'));
  await writeFile(path('../outside.jpg'), 'photo');
  await mkdir(path('../outside'));
  await writeFile(path('../outside/x.jpg'), 'photo');
  await symlink('../outside.jpg', path('out.jpg'));
  await symlink('../outside', path('out'));
  expect(await read(path(name))).toMatchObject({ problem: expect.stringContaining(text), retryable });
  server.close();
});

test('a device is refused, not read for ever', async () => {
  expect(await read('/dev/zero', { rootFolder: undefined })).toEqual({
    problem: 'photo "/dev/zero" is not a regular file',
    retryable: false,
  });
});

test('links are followed inside, and anywhere where that is permitted', async () => {
  await writeFile(join(root, 'a.jpg'), 'photo');
  await writeFile(join(parent.path, 'outside.jpg'), 'photo');
  await symlink('a.jpg', join(root, 'inside.jpg'));
  await symlink('../outside.jpg', join(root, 'out.jpg'));
  await symlink(root, join(parent.path, 'link'));
  expect(await read(join(root, 'inside.jpg'))).toHaveProperty('bytes');
  expect(await read(join(root, 'out.jpg'), { rootFolder: undefined })).toHaveProperty('bytes');
  const link = join(parent.path, 'link');
  expect(await read(join(link, 'a.jpg'), { rootFolder: link })).toHaveProperty('bytes');
});

describe('what changes from one photo to the next is seen at once', () => {
  const outside = () => join(parent.path, 'outside');
  const leadsOut = { problem: expect.stringContaining('--allow-outside permits that'), retryable: false };

  async function readerThatRead(name: string) {
    const reader = createPhotoReader({ ...options, rootFolder: root });
    for (const folder of [join(root, 'sub'), outside()]) {
      await mkdir(folder);
      await writeFile(join(folder, 'a.jpg'), `photo in ${folder}`);
    }
    const readAgain = () => reader.read(join(root, name), signal);
    expect(await readAgain()).toHaveProperty('bytes');
    return readAgain;
  }

  test('a folder below that is replaced by a link out of it', async () => {
    const readAgain = await readerThatRead('sub/a.jpg');
    await rename(join(root, 'sub'), join(root, 'former'));
    await symlink(outside(), join(root, 'sub'));
    expect(await readAgain()).toEqual(leadsOut);
  });

  test('a photo that is replaced by a link, or by a pipe', async () => {
    const readAgain = await readerThatRead('sub/a.jpg');
    const photo = join(root, 'sub/a.jpg');
    await rm(photo);
    await symlink(join(outside(), 'a.jpg'), photo);
    expect(await readAgain()).toEqual(leadsOut);
    await rm(photo);
    await promisify(execFile)('mkfifo', [photo]);
    expect(await readAgain()).toMatchObject({ problem: expect.stringContaining('is not a regular file') });
  });

  test('the folder itself, moved away and come back as a link to where it is now', async () => {
    const readAgain = await readerThatRead('sub/a.jpg');
    await rename(root, join(parent.path, 'moved'));
    await symlink(join(parent.path, 'moved'), root);
    expect(await readAgain()).toHaveProperty('bytes');
    await rm(root);
    await symlink(outside(), root);
    await mkdir(join(outside(), 'sub'));
    await writeFile(join(outside(), 'sub/a.jpg'), 'another');
    expect(await readAgain()).toMatchObject({ bytes: Buffer.from('another') });
  });
});

test.each([
  ['grows', (path: string) => appendFileSync(path, '!')],
  ['shrinks', (path: string) => truncateSync(path, 1)],
])('a photo that %s while it is read may be read again', async (_, change) => {
  const path = join(root, 'a.jpg');
  await writeFile(path, Buffer.alloc(100_000, 1));
  let asked = 0;
  // Asked before the file is opened, and again once its size is known.
  const throwIfAborted = () => {
    asked += 1;
    if (asked === 2) change(path);
  };
  const meanwhile = Object.assign(new AbortController().signal, { throwIfAborted });
  const reader = createPhotoReader({ ...options, rootFolder: root });
  expect(await reader.read(path, meanwhile)).toEqual({
    problem: expect.stringContaining('was changed while it was read'),
    retryable: true,
  });
});

test('a folder that is gone altogether may come back', async () => {
  const gone = join(parent.path, 'unplugged');
  expect(await read(join(gone, 'a.jpg'), { rootFolder: gone })).toEqual({
    problem: expect.stringContaining('is the drive connected?'),
    retryable: true,
    fault: 'source',
  });
});

test.each([
  ['s3://key:CANARY@bucket/a.jpg', 'neither a path nor an https:// or s3:// address'],
  ['http://user:CANARY@h/a.jpg', 'neither a path nor an https:// or s3:// address'],
  ['a.jpg', 'neither a path nor an https:// or s3:// address'],
])('%s is not read', async (address, text) => {
  const result = await read(address);
  expect(result).toEqual({ problem: expect.stringContaining(text), retryable: false });
  expect(JSON.stringify(result)).not.toContain('CANARY');
});

test('nothing is read once the signal has aborted', async () => {
  const reader = createPhotoReader(options);
  await expect(reader.read('/dev/null', AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
});

describe('a folder that goes while its photos are read', () => {
  async function readerThatRead() {
    const reader = createPhotoReader({ ...options, rootFolder: root });
    await writeFile(join(root, 'a.jpg'), 'photo');
    expect(await reader.read(join(root, 'a.jpg'), signal)).toHaveProperty('bytes');
    return () => reader.read(join(root, 'b.jpg'), signal);
  }
  const moveAway = () => rename(root, join(parent.path, 'elsewhere'));

  test.each([
    ['is missing', moveAway, /nor is its folder/],
    // As a mount point is once its file system was taken away.
    ['is empty', () => rm(join(root, 'a.jpg')), /is empty: is the drive connected/],
    [
      'is another',
      async () => {
        await moveAway();
        await mkdir(root);
        await writeFile(join(root, 'README'), 'not mounted');
      },
      /is another one than before/,
    ],
    [
      'is a file',
      async () => {
        await moveAway();
        await writeFile(root, '');
      },
      /ENOTDIR|nor is its folder/,
    ],
    [
      'is a link that leads nowhere',
      async () => {
        await moveAway();
        await symlink(join(parent.path, 'nowhere'), root);
      },
      /nor is its folder/,
    ],
  ])('%s: no photo is at fault', async (what, change, problem) => {
    const readAgain = await readerThatRead();
    await change();
    const found = await readAgain();
    expect(found).toMatchObject({ problem: expect.stringMatching(problem) });
    if (what !== 'is a file') expect(found).toMatchObject({ retryable: true, fault: 'source' });
  });

  test('is there: the photo is gone', async () => {
    const readAgain = await readerThatRead();
    expect(await readAgain()).toEqual({ problem: expect.stringContaining('is not there'), retryable: false });
  });

  test('that is empty when the reader was opened says the same: a run that is started again waits, too', async () => {
    expect(await read(join(root, 'b.jpg'))).toMatchObject({ fault: 'source' });
  });
});
