import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSource } from '../../src/sources/open-source.ts';
import type { ListedPhoto } from '../../src/sources/source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { listWhole } from './source-conformance.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
});
afterEach(() => folder.remove());

const jpeg = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex');
const contents: Readonly<Record<string, Buffer>> = {
  jpeg,
  png: Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
  jp2: Buffer.from('0000000c6a5020200d0a870a00000014667479706a703220', 'hex'),
  jxl: Buffer.from('ff0a7f00', 'hex'),
  text: Buffer.from('BM is how this text begins, and it is none'),
  nothing: Buffer.alloc(0),
};

async function put(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true });
    await writeFile(join(folder.path, path), contents[content] ?? content);
  }
}
const list = async (options: object = {}) => {
  const { photos, ...rest } = await listWhole(await openSource(folder.path, options));
  const listed = photos.map(({ photo = '', subjectId, problem }) => ({
    path: photo.slice(folder.path.length + 1),
    ...(subjectId !== undefined && { subjectId }),
    ...(problem !== undefined && { problem }),
  }));
  return { listed, ...rest };
};

describe('files whose names do not say what they are', () => {
  it('are photos where their bytes are an image’s and nothing speaks against it', async () => {
    await put({
      '00017': 'jpeg',
      anna: 'png',
      README: 'text',
      empty: 'nothing',
      'chip.jp2': 'jp2',
      pass: 'jp2',
      new: 'jxl',
    });
    const { listed, byKind } = await list();
    expect(listed).toEqual([
      { path: '00017', subjectId: '00017' },
      { path: 'anna', subjectId: 'anna' },
      { path: 'chip.jp2', subjectId: 'chip' },
      { path: 'new', subjectId: 'new' },
      { path: 'pass', subjectId: 'pass' },
    ]);
    expect(byKind).toEqual({ '(no suffix)': 2 });
  });

  it('are a problem where an image has the suffix of none: nobody can say what is meant', async () => {
    await put({ 'anna.smith': 'jpeg', 'b.0001': 'png', 'c.notes': 'text' });
    const { listed, byKind } = await list();
    expect(listed).toEqual([
      {
        path: 'anna.smith',
        subjectId: 'anna',
        problem: expect.stringMatching(/JPEG image .*rename it.*--include/),
      },
      { path: 'b.0001', subjectId: 'b', problem: expect.stringMatching(/PNG image/) },
    ]);
    expect(byKind).toEqual({ '.notes': 1 });
    expect((await list({ include: ['*.smith'], idFrom: '{id}' })).listed).toEqual([
      { path: 'anna.smith', subjectId: 'anna.smith' },
    ]);
  });

  it('name the person who may be meant, so that nobody counts as missing', async () => {
    await put({ 'anna.nef': 'x', 'ben.jpg.bak': 'jpeg', 'cleo.txt': 'x', '.dan.jpg': 'jpeg' });
    const { leftOut } = await list();
    expect(leftOut.map(({ subjectId }) => subjectId)).toEqual([undefined, 'anna', 'ben.jpg', undefined]);
  });
});

it('recycle bins and the like are left out, one word each; --include-left-out takes them', async () => {
  const bins = ['#recycle', '$RECYCLE.BIN', '#snapshot', '~snapshot', '.trash', '@eaDir', 'lost+found'];
  await put({
    'a.jpg': 'jpeg',
    ...Object.fromEntries(bins.map((bin, index) => [`x/${bin}/p${index}.jpg`, 'jpeg'])),
  });
  const { listed, leftOut, files } = await list();
  expect(listed).toEqual([{ path: 'a.jpg', subjectId: 'a' }]);
  expect(leftOut.map(({ path }) => path).sort()).toEqual(bins.map((bin) => `x/${bin}/`).sort());
  expect(files).toBe(0);
  expect((await list({ includeLeftOut: true })).listed).toHaveLength(8);
  expect((await list({ listRules: 1 })).listed).toHaveLength(6);
});

it('what is left out comes in its place, also where a listing goes on', async () => {
  await put({
    'a.jpg': 'jpeg',
    'b.txt': 'x',
    'c.jpg': 'jpeg',
    'd.txt': 'x',
    'e/f.jpg': 'jpeg',
    'e/g.txt': 'x',
  });
  const source = await openSource(folder.path);
  const { photos } = await listWhole(source);
  const rest = await Promise.all(photos.map(async (after) => (await listWhole(source, { after })).leftOut));
  expect(rest.map((each) => each.map(({ path }) => path))).toEqual([
    ['b.txt', 'd.txt', 'e/g.txt'],
    ['d.txt', 'e/g.txt'],
    ['e/g.txt'],
  ]);
});

describe('a list that is not whole', () => {
  const end = async (source: Awaited<ReturnType<typeof openSource>>, onPhoto: () => Promise<unknown>) => {
    const ends: unknown[] = [];
    const { signal } = new AbortController();
    for await (const _ of source.list({ signal, onEnd: (each) => void ends.push(each) })) await onPhoto();
    return ends;
  };
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`a/${100 + index}.jpg`, 'jpeg']));

  it('tells a folder that is gone as a gap', async () => {
    await put({ ...many, 'b/x.jpg': 'jpeg' });
    const ends = await end(await openSource(folder.path), () =>
      rm(join(folder.path, 'b'), { recursive: true, force: true }),
    );
    expect(ends).toEqual([{ gaps: 1 }]);
  });

  it('is a fault where another folder stands in the place of the source', async () => {
    await put({ ...many, 'z.jpg': 'jpeg' });
    const root = join(folder.path, 'a');
    let isReplaced = false;
    const replace = async () => {
      if (isReplaced) return;
      isReplaced = true;
      await rename(root, join(folder.path, 'away'));
      await mkdir(root);
    };
    await expect(end(await openSource(root), replace)).rejects.toMatchObject({
      exitCode: 4,
      code: 'source-replaced',
    });
  });

  it.each<[string, string, string | Buffer]>([
    ['a quoted field', 'people.csv', 'id,photo\n1,a.jpg\n2,"b.j'],
    ['a quoted field over lines', 'people.csv', 'id,photo,note\n1,a.jpg,\n2,b.jpg,"one\ntwo'],
    ['a quoted field behind a carriage return', 'people.csv', 'id,photo\r\n1,a.jpg\r\n2,"'],
    ['a character of two bytes', 'people.csv', Buffer.from('id,photo\n1,a.jpg\nZoë', 'utf8').subarray(0, -1)],
    [
      'a character of three bytes',
      'people.csv',
      Buffer.from('id,photo\n1,a.jpg\n2,王', 'utf8').subarray(0, -1),
    ],
    [
      'a character of four bytes',
      'people.csv',
      Buffer.from('id,photo\n1,a.jpg\n2,😀', 'utf8').subarray(0, -2),
    ],
    ['an object', 'people.jsonl', '{"id":"1","photo":"a.jpg"}\n{"id":"2","pho'],
    ['a text', 'people.jsonl', '{"id":"1","photo":"a.jpg"}\n{"id":"2","photo":"b.jpg'],
    ['an object in an object', 'people.jsonl', '{"id":"1","photo":"a.jpg"}\n{"id":"2","metadata":{"a":"b"}'],
    ['a name', 'people.jsonl', '{"id":"1","photo":"a.jpg"}\n{'],
    [
      'a character',
      'people.ndjson',
      Buffer.from('{"id":"1","photo":"a.jpg"}\n{"id":"Zoë', 'utf8').subarray(0, -1),
    ],
  ])('is one that ends in the middle of %s (%s)', async (_, name, text) => {
    const path = join(folder.path, name);
    await writeFile(path, text);
    const cutOff = { exitCode: 2, code: 'source-cut-off' };
    await expect(listWhole(await openSource(path))).rejects.toMatchObject(cutOff);
    // Once it is whole it is listed.
    const whole = `${Buffer.from(text).toString('latin1').split('\n', 2).join('\n')}\n`;
    await writeFile(path, Buffer.from(whole, 'latin1'));
    expect((await listWhole(await openSource(path))).ends).toMatchObject([{ gaps: 0 }]);
  });

  it.each<[string, string]>([
    ['people.csv', 'id,photo\n1,a.jpg'],
    ['people.csv', 'id,photo\n1,"a.jpg"'],
    ['people.csv', 'id,photo\n王,😀.jpg'],
    ['people.csv', 'id,photo\n1,"a.jpg\n'],
    ['people.csv', 'id,photo\n1,"a.jpg\n2,b.jpg'],
    ['people.jsonl', '{"id":"1","photo":"a.jpg"}'],
    ['people.jsonl', '{"id":"1","photo":"a.jpg"}\nno object'],
    ['people.jsonl', '{"id":"1","photo":"a.jpg"}\n{"id":}'],
  ])('is not one that only lacks its last line end, or has a wrong row there: %s %j', async (name, text) => {
    const path = join(folder.path, name);
    await writeFile(path, text);
    expect((await listWhole(await openSource(path))).ends).toMatchObject([{ gaps: 0 }]);
  });

  it.each(['people.csv', 'people.jsonl'])(
    'is one that is written to while it is listed (%s)',
    async (name) => {
      const path = join(folder.path, name);
      const rows = name.endsWith('csv') ? ['id,photo', '1,a.jpg'] : ['{"id":"1","photo":"a.jpg"}'];
      await writeFile(path, `${rows.join('\n')}\n`);
      const source = await openSource(path);
      let isMore = false;
      const more = async () => {
        if (!isMore) await writeFile(path, `${await readFile(path, 'utf8')}2,b.jpg\n`);
        isMore = true;
      };
      await expect(end(source, more)).rejects.toMatchObject({ exitCode: 2, code: 'source-changed' });
    },
  );

  it.each(['people.csv', 'people.jsonl'])(
    'ends with a version that changes with the file (%s)',
    async (name) => {
      const path = join(folder.path, name);
      const rows = name.endsWith('csv') ? ['id,photo', '1,a.jpg'] : ['{"id":"1","photo":"a.jpg"}'];
      await writeFile(path, `${rows.join('\n')}\n`);
      const source = await openSource(path);
      const { signal } = new AbortController();
      const { ends } = await listWhole(source);
      expect(ends).toEqual([{ gaps: 0, version: await source.version?.(signal) }]);
      await writeFile(path, `${rows.join('\n')}\n${rows.at(-1)}\n`);
      expect(await source.version?.(signal)).not.toBe(ends[0]?.version);
      await rm(path);
      expect(await source.version?.(signal)).toBeUndefined();
    },
  );

  const tables: readonly [string, readonly string[]][] = [
    ['people.csv', ['id,photo', '1,a.jpg', '2,b.jpg']],
    ['people.jsonl', ['{"id":"1","photo":"a.jpg"}', '{"id":"2","photo":"b.jpg"}']],
  ];
  it.each(tables)(
    'remembers with which file it was begun, over any number of stops (%s)',
    async (name, rows) => {
      const path = join(folder.path, name);
      const write = (more: string) => writeFile(path, `${rows.join('\n')}\n${more}`);
      const go = async (after?: ListedPhoto) => {
        const source = await openSource(path);
        const { photos, ends } = await listWhole(source, after ? { after } : {});
        return {
          photos,
          isSame: ends[0]?.version === (await source.version?.(new AbortController().signal)),
        };
      };
      await write('');
      const whole = await go();
      expect(whole.isSame).toBe(true);
      expect((await go(whole.photos[0])).isSame).toBe(true);
      await write(`${rows.at(-1)}\n`);
      const second = await go(whole.photos[0]);
      expect([second.photos.length, second.isSame]).toEqual([2, false]);
      expect((await go(second.photos[0])).isSame).toBe(false);
      // Of a list that the former version began nobody knows.
      const { cursor = '', ...photo } = whole.photos[0] ?? {};
      expect((await go({ ...photo, cursor: cursor.split(':', 2).join(':') })).isSame).toBe(true);
    },
  );
});
