import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
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

test('a folder that is gone altogether may come back', async () => {
  const gone = join(parent.path, 'unplugged');
  expect(await read(join(gone, 'a.jpg'), { rootFolder: gone })).toEqual({
    problem: expect.stringContaining('is the drive connected?'),
    retryable: true,
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
