import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPhotoReader, type PhotoReader } from '../../src/photos/read-photo.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { listAll, listWhole } from './source-conformance.ts';
import { makeTar, paxRecords, type TarPart, tarEnd } from './tar-files.ts';

let folder: TemporaryFolder;
let reader: PhotoReader;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
  reader = createPhotoReader({ rootFolder: folder.path, timeoutInMs: 5_000, allowPrivate: false });
});
afterEach(async () => {
  await reader.close();
  await folder.remove();
});

const { signal } = new AbortController();
const read = (photo: string | undefined) => reader.read(photo ?? '', signal);

describe.each<[string, (tar: Buffer) => Buffer]>([
  ['photos.tar', (tar) => tar],
  ['photos.tar.gz', (tar) => gzipSync(tar)],
  ['photos.TGZ', (tar) => Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))])],
])('%s', (name, pack) => {
  const pathOf = () => join(folder.path, name);
  const putBytes = (tar: Buffer) => writeFile(pathOf(), pack(tar));
  const put = (...parts: TarPart[]) => putBytes(makeTar(parts));
  const open = (options = {}) => openSource(pathOf(), options);

  test('lists photos as a folder does, and a worker reads each by its address', async () => {
    await put(
      { name: './staff/', type: '5' },
      { name: './staff/anna.jpg', content: 'anna' },
      { name: './staff/._anna.jpg' },
      { name: './notes.txt' },
      { name: './Thumbs.db' },
      { name: './more.zip' },
      { name: './lost+found/x.jpg' },
      { name: './image', content: Buffer.from('ffd8ffe000', 'hex') },
      { name: './text', content: 'text' },
      { name: './staff/bert.png', content: 'bert '.repeat(500) },
    );
    const { photos, files, byKind, ends } = await listWhole(await open());
    expect(photos).toMatchObject([
      { subjectId: 'anna', photo: `${pathOf()}!/staff/anna.jpg`, sizeInBytes: 4 },
      { subjectId: 'image' },
      { subjectId: 'bert', photo: `${pathOf()}!/staff/bert.png`, sizeInBytes: 2500 },
    ]);
    expect(files).toBe(6);
    expect(byKind).toEqual({
      '(hidden)': 1,
      '.db': 1,
      '.txt': 1,
      '.zip': 1,
      'lost+found/': 1,
      '(no suffix)': 1,
    });
    expect(ends).toEqual([{ version: expect.any(String), gaps: 0 }]);
    for (const { photo, version } of [...photos, ...photos.toReversed()])
      expect(await read(photo)).toMatchObject({ version, sha256: expect.any(String) });
    expect(await read(photos[0]?.photo)).toMatchObject({ bytes: Buffer.from('anna') });
    expect(await read(photos[2]?.photo)).toMatchObject({ bytes: Buffer.from('bert '.repeat(500)) });
    expect(await read(`${pathOf()}!/nobody.jpg`)).toMatchObject({
      problem: expect.stringContaining('is not in the archive file'),
    });
    for (const after of photos)
      expect(await listAll(await open(), { after: JSON.parse(JSON.stringify(after)) })).toEqual(
        photos.slice(photos.indexOf(after) + 1),
      );
  });

  const long = `${'long folder '.repeat(12)}/José 名前.jpg`;
  test.each<[string, TarPart, string]>([
    ['ustar, with a prefix', { name: 'José.jpg', prefix: 'a/b' }, 'José'],
    ['GNU, with a long name', { name: 'cut', longName: long, magic: 'ustar  ' }, 'José 名前'],
    ['PAX, with a path', { name: 'cut', pax: { mtime: '1.5', path: long } }, 'José 名前'],
    ['PAX, with a size', { name: 'a.jpg', pax: { size: '9' }, size: 0, content: 'its bytes' }, 'a'],
    ['a size in GNU’s way', { name: 'a.jpg', hasBinarySize: true }, 'a'],
    ['Unix V7', { name: 'a.jpg', type: '\0', magic: '' }, 'a'],
    ['what stands in addresses', { name: "a!/b#c?d%20e!.zip!/O'Brien #1.jpg" }, "O'Brien #1"],
  ])('reads %s', async (_, part, subjectId) => {
    await put({ name: 'before.jpg' }, { ...part, content: 'its bytes' }, { name: 'behind.jpg' });
    const [, listed, behind] = await listAll(await open());
    expect(listed?.problem).toBeUndefined();
    expect(listed?.subjectId).toBe(subjectId);
    expect(await read(listed?.photo)).toMatchObject({ bytes: Buffer.from('its bytes') });
    expect(await read(behind?.photo)).toMatchObject({ bytes: Buffer.from('photo') });
  });

  test.each<[string, TarPart, string]>([
    ['a link', { name: 'a.jpg', type: '2' }, 'is a link'],
    ['a hard link', { name: 'a.jpg', type: '1' }, 'is a hard link'],
    ['a device', { name: 'a.jpg', type: '3' }, 'is a device'],
    ['a pipe', { name: 'a.jpg', type: '6' }, 'is a pipe'],
    ['GNU’s sparse', { name: 'a.jpg', type: 'S', content: 'holes' }, 'sparse'],
    ['PAX’s sparse', { name: 'a.jpg', pax: { 'GNU.sparse.major': '1' } }, 'sparse'],
    ['a part', { name: 'a.jpg', type: 'M', content: 'rest' }, 'in several parts'],
    ['an unknown kind', { name: 'a.jpg', type: 'Q', content: 'x' }, 'of the kind "Q"'],
    ['an absolute name', { name: '/etc/a.jpg' }, 'absolute path'],
    ['traversal', { name: '../a.jpg' }, 'has ".." in its name'],
    ['traversal by PAX', { name: 'a.jpg', pax: { path: 'x/../../a.jpg' } }, 'has ".." in its name'],
    ['a backslash', { name: 'x\\a.jpg' }, 'backslash'],
    ['a drive', { name: 'C:/a.jpg' }, 'letter of a drive'],
    ['NUL by PAX', { name: 'a.jpg', pax: { path: 'a.jpg\0.jpg' } }, 'NUL character'],
    ['a control character', { name: 'a\n.jpg' }, 'control character'],
    ['no UTF-8', { name: Buffer.from('ff2e6a7067', 'hex') }, 'not valid text'],
  ])('%s is a line with its reason', async (_, part, problem) => {
    await put({ name: 'before.jpg' }, part, { name: 'behind.jpg', content: 'behind' });
    const { photos, ends } = await listWhole(await open());
    expect(photos.map((each) => each.problem)).toEqual([
      undefined,
      expect.stringContaining(problem),
      undefined,
    ]);
    expect(ends).toHaveLength(1);
    expect(await read(photos[2]?.photo)).toMatchObject({ bytes: Buffer.from('behind') });
  });

  test('of a name that is there twice none is taken', async () => {
    await put({ name: 'a.jpg', content: 'one' }, { name: 'b.jpg' }, { name: './a.jpg', content: 'other' });
    const listed = await listAll(await open());
    const twice = expect.stringContaining('more than once');
    expect(listed.at(-1)?.problem).toEqual(twice);
    expect(await read(listed[0]?.photo)).toMatchObject({ problem: twice });
    expect(await read(listed[1]?.photo)).toMatchObject({ bytes: Buffer.from('photo') });
  });

  test.each<[string, Buffer]>([
    ['ends without its end', makeTar([{ name: 'a.jpg' }, { name: 'b.jpg' }], Buffer.alloc(0))],
    [
      'ends within a photo',
      makeTar([{ name: 'a.jpg' }, { name: 'b.jpg', content: Buffer.alloc(2000) }], Buffer.alloc(0)).subarray(
        0,
        -700,
      ),
    ],
    [
      'ends within a header',
      makeTar([{ name: 'a.jpg' }, { name: 'b.jpg' }], Buffer.alloc(0)).subarray(0, 1500),
    ],
    ['has a wrong checksum', makeTar([{ name: 'a.jpg' }, { name: 'b.jpg', checksum: 7 }])],
    [
      'has zeros in the middle',
      Buffer.concat([makeTar([{ name: 'a.jpg' }], tarEnd.subarray(0, 512)), makeTar([{ name: 'b.jpg' }])]),
    ],
    [
      'has a PAX header that cannot be read',
      makeTar([{ name: 'a.jpg' }, { name: 'x', type: 'x', content: '99 path=b' }, { name: 'b.jpg' }]),
    ],
    ['has a size that is none', makeTar([{ name: 'a.jpg' }, { name: 'b.jpg', pax: { size: 'many' } }])],
    [
      'gives all entries one name',
      makeTar([{ name: 'g', type: 'g', content: paxRecords({ path: 'b.jpg' }) }, { name: 'a.jpg' }]),
    ],
    ['is none', Buffer.from('text '.repeat(300))],
    ['is empty', Buffer.alloc(0)],
  ])('a file that %s is not whole: nothing is derived from it, nothing is sent', async (_, tar) => {
    await putBytes(tar);
    const ends: unknown[] = [];
    const listing = async () => {
      for await (const _ of (await open()).list({ signal, onEnd: (end) => ends.push(end) }));
    };
    await expect(listing()).rejects.toMatchObject({ code: 'source-damaged', exitCode: 2 });
    expect(ends).toEqual([]);
    expect(await read(`${pathOf()}!/a.jpg`)).toMatchObject({ fault: 'open' });
  });

  test.each<[string, Buffer, string | undefined]>([
    ['zeros to a whole record', Buffer.alloc(9216), undefined],
    ['what an old program left in its record', Buffer.from('rest '.repeat(300)), undefined],
    ['another tar file', makeTar([{ name: 'b.jpg' }]), 'source-ambiguous'],
    [
      'another one behind more zeros than are looked at in one go',
      Buffer.concat([Buffer.alloc(300 * 512), makeTar([{ name: 'b.jpg' }])]),
      'source-ambiguous',
    ],
  ])('behind the end: %s', async (_, more, code) => {
    await putBytes(Buffer.concat([makeTar([{ name: 'a.jpg' }]), more]));
    const listing = open().then(listAll);
    if (code) await expect(listing).rejects.toMatchObject({ code, exitCode: 2 });
    else expect(await listing).toMatchObject([{ subjectId: 'a' }]);
  });

  test('a list that was begun goes on in the same file alone', async () => {
    await put({ name: 'a.jpg' }, { name: 'b.jpg' });
    const [after] = await listAll(await open());
    await utimes(pathOf(), 1, 1);
    await expect(listAll(await open(), { after: after ?? {} })).rejects.toMatchObject({
      code: 'source-changed',
    });
  });
});
