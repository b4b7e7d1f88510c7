import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPhotoReader } from '../../src/photos/read-photo.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { listAll, listWhole } from './source-conformance.ts';
import { endRecord, makeZip, unicodeName, type ZipOptions, type ZipPart } from './zip-files.ts';

let folder: TemporaryFolder;
let path: string;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
  path = join(folder.path, 'photos.zip');
});
afterEach(() => folder.remove());

const { signal } = new AbortController();
const put = (parts: readonly ZipPart[], options?: ZipOptions) => writeFile(path, makeZip(parts, options));
const open = (options = {}) => openSource(path, options);

/** What a worker reads of a photo of the list. */
async function read(photo: string | undefined, maxSizeInBytes?: number) {
  const reader = createPhotoReader({
    rootFolder: folder.path,
    timeoutInMs: 5_000,
    allowPrivate: false,
    maxSizeInBytes,
  });
  try {
    return await reader.read(photo ?? '', signal);
  } finally {
    await reader.close();
  }
}

test('lists photos as a folder does, and a worker reads each by its address', async () => {
  await put([
    { name: 'staff/', content: '' },
    { name: 'staff/anna.jpg', content: 'anna' },
    { name: 'staff/bert.png', content: 'bert '.repeat(99), method: 8 },
    { name: 'notes.txt' },
    { name: '.DS_Store' },
    { name: 'Thumbs.db' },
    { name: '__MACOSX/staff/._anna.jpg' },
    { name: 'more.zip' },
    { name: 'no-suffix', content: '\xff\xd8\xff' },
    { name: 'image', content: Buffer.from('ffd8ffe000', 'hex'), method: 8 },
    { name: 'odd.xyz', content: Buffer.from('ffd8ffe000', 'hex') },
  ]);
  const { photos, files, byKind, ends } = await listWhole(await open());
  expect(photos).toMatchObject([
    { subjectId: 'anna', photo: `${path}!/staff/anna.jpg`, sizeInBytes: 4 },
    { subjectId: 'bert', photo: `${path}!/staff/bert.png`, sizeInBytes: 495 },
    { subjectId: 'image', photo: `${path}!/image` },
    { problem: expect.stringContaining('JPEG image whose suffix') },
  ]);
  expect(files).toBe(6);
  expect(byKind).toEqual({ '(hidden)': 1, '.db': 1, '.txt': 1, '.zip': 1, '__MACOSX/': 1, '(no suffix)': 1 });
  expect(ends).toEqual([{ version: expect.any(String), gaps: 0 }]);
  expect(await (await open()).version?.(signal)).toBe(ends[0]?.version);
  const [anna, bert] = photos;
  expect(await read(anna?.photo)).toMatchObject({ bytes: Buffer.from('anna'), version: anna?.version });
  expect(await read(bert?.photo)).toMatchObject({ bytes: Buffer.from('bert '.repeat(99)) });
});

test('takes ids and globs as a folder does', async () => {
  await put([{ name: 'a/1.jpg' }, { name: 'a/2.jpg' }, { name: 'old/3.jpg' }]);
  const source = await open({ idFrom: '{id}/{photo}.{ext}', exclude: ['old/**'] });
  expect(source).toMatchObject({ sameSubject: 'repeat', idsFromPaths: true, address: path });
  expect((await listAll(source)).map(({ subjectId }) => subjectId)).toEqual(['a', 'a']);
  await expect(open({ idFrom: '{no}' })).rejects.toMatchObject({ code: 'id-from' });
});

test('reads what other forms of the format hold', async () => {
  const parts = [
    { name: 'anna.jpg', content: 'anna', method: 8 },
    { name: 'bert.jpg', content: 'bert' },
  ];
  const forms: ZipOptions[] = [
    { isZip64: true },
    { before: Buffer.from('#!/bin/sh\nexit\n'), comment: 'a comment' },
    { before: Buffer.from('program'), isZip64: true },
  ];
  for (const options of forms) {
    await put(parts, options);
    expect((await listAll(await open())).map(({ subjectId }) => subjectId)).toEqual(['anna', 'bert']);
    expect(await read(`${path}!/anna.jpg`)).toMatchObject({ bytes: Buffer.from('anna') });
    expect(await read(`${path}!/bert.jpg`)).toMatchObject({ bytes: Buffer.from('bert') });
  }
  // The sizes follow the data, and the local header has other extra fields than the directory.
  const descriptor = {
    name: 'c.jpg',
    content: 'c',
    flags: 0x808,
    local: { crc: 0, extra: Buffer.alloc(600) },
  };
  await put([descriptor]);
  expect(await read(`${path}!/c.jpg`)).toMatchObject({ bytes: Buffer.from('c') });
  await put([]);
  expect(await listAll(await open())).toEqual([]);
});

const cp437 = Buffer.from('4a6f73822e6a7067', 'hex');
test.each<[string, Omit<ZipPart, 'content'>, string]>([
  ['UTF-8 by its flag', { name: 'José.jpg' }, 'José'],
  ['CP437', { name: cp437, flags: 0 }, 'José'],
  [
    'CP437 with the field of Info-ZIP',
    { name: cp437, flags: 0, extra: unicodeName(cp437, '名前.jpg') },
    '名前',
  ],
  [
    'that field, of another name',
    { name: cp437, flags: 0, extra: unicodeName(Buffer.from('x'), '名前.jpg') },
    'José',
  ],
  ['UTF-8 of a Unix that does not say so', { name: 'José.jpg', flags: 0, host: 3 }, 'José'],
  ['what stands in addresses', { name: "a!/b#c?d%20e!.zip!/O'Brien #1.jpg" }, "O'Brien #1"],
  ['dots and doubled slashes', { name: './a//anna.jpg' }, 'anna'],
])('a name in %s', async (_, part, subjectId) => {
  await put([{ ...part, content: 'its bytes' }]);
  const [listed] = await listAll(await open());
  expect(listed?.problem).toBeUndefined();
  expect(listed?.subjectId).toBe(subjectId);
  expect(await read(listed?.photo)).toMatchObject({ bytes: Buffer.from('its bytes') });
});

const zeros = Buffer.alloc(3 * 1024 * 1024);
/** Each is one line, and the photo beside it is read all the same. */
describe.each<[string, Partial<ZipPart>, string]>([
  ['encrypted', { flags: 0x801 }, 'is encrypted'],
  ['strongly encrypted', { flags: 0x841 }, 'is encrypted'],
  ['AES', { method: 99 }, 'is encrypted'],
  ['Deflate64', { method: 9 }, 'is packed with Deflate64'],
  ['bzip2', { method: 12 }, 'is packed with bzip2'],
  ['LZMA', { method: 14 }, 'is packed with LZMA'],
  ['Zstandard', { method: 93 }, 'is packed with Zstandard'],
  ['an unknown method', { method: 77 }, 'is packed with the method 77'],
  ['a bomb', { content: zeros, method: 8 }, 'which no photo is: it may be a zip bomb'],
  ['a lie about a stored size', { size: 99 }, 'stored as it is, in another size'],
  ['an absolute name', { name: '/etc/anna.jpg' }, 'absolute path'],
  ['traversal', { name: '../anna.jpg' }, 'has ".." in its name'],
  ['traversal further down', { name: 'a/../../anna.jpg' }, 'has ".." in its name'],
  ['a backslash', { name: 'staff\\anna.jpg' }, 'backslash'],
  ['a drive', { name: 'C:anna.jpg' }, 'letter of a drive'],
  ['NUL', { name: 'anna.jpg\0.jpg' }, 'NUL character'],
  ['a control character', { name: 'an\nna.jpg' }, 'control character'],
  ['no UTF-8', { name: Buffer.from('ff2e6a7067', 'hex') }, 'not valid text'],
  ['a link', { host: 3, attributes: (0o120777 << 16) >>> 0 }, 'is a link'],
  ['another part', { disk: 2 }, 'in another part'],
  ['broken extra fields', { extra: Buffer.from('0100ff00', 'hex') }, 'extra fields that are damaged'],
])('%s', (_, part, problem) => {
  test('is a line with its reason', async () => {
    await put([
      { name: 'before.jpg' },
      { name: 'anna.jpg', ...part },
      { name: 'behind.jpg', content: 'behind' },
    ]);
    const { photos, ends } = await listWhole(await open());
    expect(photos.map((each) => each.problem)).toEqual([
      undefined,
      expect.stringContaining(problem),
      undefined,
    ]);
    expect(photos[1]?.photo).toMatch(/^[^\p{Cc}]+photos\.zip!\/[^\p{Cc}]+$/u);
    expect(ends).toHaveLength(1);
    expect(await read(photos[2]?.photo)).toMatchObject({ bytes: Buffer.from('behind') });
    if (part.name === undefined)
      expect(await read(`${path}!/anna.jpg`)).toMatchObject({ problem: expect.stringContaining(problem) });
  });
});

/** What only its bytes show: the worker says it. */
test.each<[string, Partial<ZipPart>, string]>([
  ['a wrong checksum', { crc: 7 }, 'another checksum'],
  ['another name of its own', { local: { name: 'bert.jpg' } }, 'another file by its own header'],
  ['another checksum of its own', { local: { crc: 7 } }, 'another file by its own header'],
  [
    'bytes that are not packed',
    { method: 8, packed: Buffer.from('nonsense'), size: 40 },
    'cannot be unpacked',
  ],
  [
    'less than it says',
    { method: 8, packed: deflateRawSync('short'), size: 40 },
    'is 5 bytes long and not 40',
  ],
  [
    'more than it says',
    { method: 8, packed: deflateRawSync(zeros), size: 5_000 },
    'more than the 5000 bytes',
  ],
  ['a place outside', { at: 5_000_000 }, 'lies outside of the file'],
  ['an empty photo', { content: '' }, 'photo is empty'],
])('a photo with %s is not used', async (_, part, problem) => {
  await put([{ name: 'before.jpg' }, { name: 'anna.jpg', ...part }]);
  expect(await read(`${path}!/anna.jpg`)).toMatchObject({ problem: expect.stringContaining(problem) });
  expect(await read(`${path}!/before.jpg`)).toMatchObject({ bytes: Buffer.from('photo') });
});

test('of a name that is there twice neither is taken, since programs differ', async () => {
  await put([
    { name: 'anna.jpg', content: 'one' },
    { name: 'bert.jpg' },
    { name: './anna.jpg', content: 'other' },
  ]);
  const listed = await listAll(await open());
  const twice = expect.stringContaining('more than once');
  expect(listed.map(({ problem }) => problem)).toEqual([twice, undefined, twice]);
  expect(await read(`${path}!/anna.jpg`)).toMatchObject({ problem: twice });
});

test('entries that share bytes are no photos', async () => {
  await put([
    { name: 'a.jpg', content: 'a' },
    { name: 'b.jpg', content: 'b' },
    { name: 'c.jpg', content: 'b', at: 36 },
  ]);
  const shared = expect.stringContaining('shares bytes');
  expect((await listAll(await open())).map(({ problem }) => problem)).toEqual([undefined, shared, shared]);
  expect(await read(`${path}!/b.jpg`)).toMatchObject({ problem: shared });
});

test('entries may lie in another order than in the directory', async () => {
  const [one, other] = [
    { name: 'a.jpg', content: 'a' },
    { name: 'b.jpg', content: 'b' },
  ];
  const zip = makeZip([one, other]);
  const swapped = makeZip([
    { ...other, at: 36 },
    { ...one, at: 0 },
  ]);
  await writeFile(
    path,
    Buffer.concat([
      zip.subarray(0, 72),
      swapped.subarray(0, -22),
      endRecord({ count: 2, size: swapped.length - 22, at: 72 }),
    ]),
  );
  expect((await listAll(await open())).map(({ subjectId, problem }) => [subjectId, problem])).toEqual([
    ['b', undefined],
    ['a', undefined],
  ]);
  expect(await read(`${path}!/b.jpg`)).toMatchObject({ bytes: Buffer.from('b') });
});

describe('an archive file that is not whole, or not clear, is refused before a run', () => {
  const whole = makeZip([{ name: 'anna.jpg' }, { name: 'bert.jpg' }]);
  test.each<[string, Buffer, string]>([
    ['no zip file', Buffer.from('text'), 'source-damaged'],
    ['an empty file', Buffer.alloc(0), 'source-damaged'],
    ['a file that is cut off', whole.subarray(0, -30), 'source-damaged'],
    ['one with something behind its end', Buffer.concat([whole, Buffer.from('x')]), 'source-damaged'],
    ['the last of several parts', makeZip([{ name: 'a.jpg' }], { end: { disk: 2 } }), 'source-in-parts'],
    [
      'one with another end in its comment',
      makeZip([{ name: 'a.jpg' }], { comment: endRecord({ count: 0, size: 0, at: 0 }) }),
      'source-ambiguous',
    ],
    ['one behind another', Buffer.concat([whole, makeZip([{ name: 'a.jpg' }])]), 'source-ambiguous'],
  ])('%s', async (_, bytes, code) => {
    await writeFile(path, bytes);
    await expect(open()).rejects.toMatchObject({ code, exitCode: 2 });
  });

  test.each<[string, Buffer]>([
    ['fewer entries', makeZip([{ name: 'a.jpg' }], { end: { count: 2 } })],
    ['more entries', makeZip([{ name: 'a.jpg' }, { name: 'b.jpg' }], { end: { count: 1 } })],
  ])('with %s than it names its list has no end', async (_, bytes) => {
    await writeFile(path, bytes);
    await expect(listAll(await open())).rejects.toMatchObject({ code: 'source-damaged' });
  });

  test('none is there, and one in a folder that would be taken for another', async () => {
    await expect(open()).rejects.toMatchObject({ code: 'source-missing' });
    const inside = join(folder.path, 'photos.zip!');
    await mkdir(inside);
    await writeFile(join(inside, 'x.zip'), whole);
    await expect(openSource(join(inside, 'x.zip'))).rejects.toMatchObject({ code: 'source-kind' });
    await writeFile(join(inside, 'a.jpg'), 'photo');
    expect(await listAll(await openSource(folder.path))).toMatchObject([
      { problem: expect.stringContaining('rename the folder') },
    ]);
  });
});

test('a list that was begun goes on in the same file alone', async () => {
  const parts = [{ name: 'a.jpg' }, { name: 'b.jpg' }, { name: 'c.jpg' }];
  await put(parts);
  const all = await listAll(await open());
  const after = JSON.parse(JSON.stringify(all[0]));
  expect(await listAll(await open(), { after })).toEqual(all.slice(1));
  await utimes(path, 1, 1);
  await expect(listAll(await open(), { after })).rejects.toMatchObject({ code: 'source-changed' });
});

test('a file that is replaced while workers read gives each photo by its name', async () => {
  await put([
    { name: 'anna.jpg', content: 'anna' },
    { name: 'bert.jpg', content: 'bert' },
  ]);
  const reader = createPhotoReader({ rootFolder: folder.path, timeoutInMs: 5_000, allowPrivate: false });
  const [anna] = await listAll(await open());
  expect(await reader.read(`${path}!/bert.jpg`, signal)).toMatchObject({ bytes: Buffer.from('bert') });
  await put([
    { name: 'bert.jpg', content: 'other bert' },
    { name: 'anna.jpg', content: 'other anna' },
  ]);
  const read = await reader.read(anna?.photo ?? '', signal);
  expect(read).toMatchObject({ bytes: Buffer.from('other anna') });
  // The report says so: it is not the photo that was listed.
  expect(read).not.toMatchObject({ version: anna?.version });
  await put([{ name: 'bert.jpg' }]);
  expect(await reader.read(anna?.photo ?? '', signal)).toMatchObject({
    problem: expect.stringContaining('is not in the archive file'),
  });
  await writeFile(path, 'half');
  expect(await reader.read(anna?.photo ?? '', signal)).toMatchObject({ fault: 'open' });
  await reader.close();
});

test('a photo may be larger than is read, and a file may lie outside', async () => {
  await put([{ name: 'anna.jpg', content: 'anna' }]);
  expect(await read(`${path}!/anna.jpg`, 3)).toMatchObject({ isOverLimit: true });
  await mkdir(join(folder.path, 'other'));
  const reader = createPhotoReader({
    rootFolder: join(folder.path, 'other'),
    timeoutInMs: 5_000,
    allowPrivate: false,
  });
  expect(await reader.read(`${path}!/anna.jpg`, signal)).toMatchObject({
    problem: expect.stringContaining('leads out of the folder'),
  });
  await reader.close();
});
