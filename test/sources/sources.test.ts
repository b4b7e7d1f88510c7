import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe } from 'vitest';
import { openSource } from '../../src/sources/open-source.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';
import { type ConformanceArchive, describeSource } from './source-conformance.ts';
import { makeTar } from './tar-files.ts';
import { makeZip } from './zip-files.ts';

const problem = (text: string) => ({ problem: text });

describeSource('a folder', async () => {
  const folder = await makeTemporaryFolder();
  const path = (name: string) => join(folder.path, name);
  await mkdir(path('b/deep'), { recursive: true });
  const many = Array.from({ length: 70 }, (_, index) => `b/deep/p${String(index).padStart(3, '0')}.png`);
  const names = ['a b.jpg', 'b/é.JPG', 'b/new\nline.webp', 'b.jpg', 'ünï.jpeg', ...many];
  for (const name of names) await writeFile(path(name), name);
  await symlink(path('b'), path('c'));
  const entry = (name: string, subjectId: string) => ({ subjectId, photo: path(name) });
  const expected = [
    entry('a b.jpg', 'a b'),
    ...many.map((name, index) => entry(name, `p${String(index).padStart(3, '0')}`)),
    entry('b/new\nline.webp', 'new\nline'),
    entry('b/é.JPG', 'é'),
    entry('b.jpg', 'b'),
    {
      photo: path('c'),
      ...problem('"c" is a link to a folder, which is not followed; its photos are not listed'),
    },
    entry('ünï.jpeg', 'ünï'),
  ];
  return { open: () => openSource(folder.path), expected, remove: folder.remove };
});

const csv = [
  '\uFEFFSubject_ID, photo ,dept,"template_id"',
  '1,a.jpg,"sales, north",t-1',
  '',
  '2,"b ""x"".jpg",,',
  '3,"bro"ken,,',
  '4,"never closed.jpg,,',
  '5,"over\ntwo lines.jpg",,',
  ',no-id.jpg,,',
  '7,seven.jpg',
  ' ,,,',
  '8,../eight.jpg,,',
  '9,https://photos.example/9.jpg?width=9,,',
].join('\r\n');

describeSource('a CSV manifest', async () => {
  const folder = await makeTemporaryFolder();
  const path = join(folder.path, 'people.csv');
  await writeFile(path, csv);
  const photo = (name: string) => join(folder.path, name);
  const expected = [
    { subjectId: '1', photo: photo('a.jpg'), templateId: 't-1', metadata: { dept: 'sales, north' }, row: 1 },
    { subjectId: '2', photo: photo('b "x".jpg'), metadata: { dept: '' }, row: 3 },
    {
      row: 4,
      ...problem(
        'row 4 has a quote in the wrong place; a field with quotes in it is written "like ""this"""',
      ),
    },
    {
      row: 5,
      ...problem(
        'row 5 has a quote in the wrong place; a field with quotes in it is written "like ""this"""',
      ),
    },
    { subjectId: '5', photo: photo('over\ntwo lines.jpg'), row: 6 },
    { row: 7, ...problem('row 7: subject id is empty') },
    { subjectId: '7', ...problem('row 8 has 2 fields, the header has 4') },
    {
      subjectId: '8',
      ...problem(
        `row 10: photo "../eight.jpg" leaves the folder ${folder.path}; --allow-outside permits that`,
      ),
    },
    { subjectId: '9', photo: 'https://photos.example/9.jpg?width=9', row: 11 },
  ];
  return { open: () => openSource(path), expected, remove: folder.remove };
});

const jsonl = [
  '\uFEFF{"subjectId":"1","photo":"a.jpg","dept":"sales","level":3,"metadata":{"city":"Łódź","tags":["x"]}}',
  '',
  '{"id":17,"photo":"ü.jpg","template_id":"t","version":"v1"}\r',
  'not json',
  `{"id":"long","photo":"${'x'.repeat(1024 * 1024)}"}`,
  '{"id":12345678901234567890,"photo":"b.jpg"}',
  '{"photo":"c.jpg"}',
  '{"schema":"rollcall.report/1","subjectId":"r1","photo":"/p/r1.jpg","status":"enrolled"}',
  '{"schema":"rollcall.report/2","subjectId":"r1","photo":"/p/r1.jpg","status":"failed"}',
  '[1]',
  '{"id":"last","photo":"https://photos.example/last.jpg"}',
].join('\n');

function expectedJsonl(folder: string): ConformanceArchive['expected'] {
  const photo = (name: string) => join(folder, name);
  const metadata = { dept: 'sales', level: '3', city: 'Łódź', tags: '["x"]' };
  return [
    { subjectId: '1', photo: photo('a.jpg'), metadata, row: 1 },
    { subjectId: '17', photo: photo('ü.jpg'), templateId: 't', version: 'v1', row: 3 },
    problem('line 4 is not a JSON object; one object a line is needed'),
    problem('line 5 is longer than 1 MiB'),
    problem('line 6 has a "id" that is neither text nor a whole number'),
    problem('line 7: subject id is empty'),
    problem('line 9 has the schema "rollcall.report/2", which this version does not know'),
    problem('line 10 is not a JSON object; one object a line is needed'),
    { subjectId: 'last', photo: 'https://photos.example/last.jpg', row: 11 },
  ];
}

describeSource('a JSONL manifest', async () => {
  const folder = await makeTemporaryFolder();
  const path = join(folder.path, 'people.jsonl');
  await writeFile(path, jsonl);
  return { open: () => openSource(path), expected: expectedJsonl(folder.path), remove: folder.remove };
});

describeSource('JSONL on stdin', async () => {
  const bytes = Buffer.from(jsonl);
  const chunks = Array.from({ length: Math.ceil(bytes.length / 50_000) }, (_, index) =>
    bytes.subarray(index * 50_000, (index + 1) * 50_000),
  );
  return {
    open: () =>
      openSource('-', { stdin: Readable.from(chunks, { objectMode: false }), workingFolder: '/work' }),
    expected: expectedJsonl('/work'),
  };
});

describe.each(['photos.zip', 'photos.tar', 'photos.tgz'])('%s', (name) => {
  describeSource('an archive file', async () => {
    const folder = await makeTemporaryFolder();
    const path = join(folder.path, name);
    const many = Array.from({ length: 40 }, (_, index) => ({
      name: `deep/er/p${index}.png`,
      content: `${index}`,
    }));
    const parts = [
      { name: 'a b.jpg' },
      { name: '._a b.jpg' },
      ...many,
      { name: '../up.jpg' },
      { name: '__MACOSX/x.jpg' },
      { name: '__MACOSX/y.jpg' },
      { name: 'staff/ünï.jpeg' },
    ];
    await writeFile(path, name === 'photos.zip' ? makeZip(parts) : packed(name, makeTar(parts)));
    const entry = (inside: string, subjectId: string) => ({ subjectId, photo: `${path}!/${inside}` });
    const expected = [
      entry('a b.jpg', 'a b'),
      ...many.map((each, index) => entry(each.name, `p${index}`)),
      problem('"../up.jpg" has ".." in its name, which leads out of the archive file'),
      entry('staff/ünï.jpeg', 'ünï'),
    ];
    return { open: () => openSource(path), expected, remove: folder.remove };
  });
});

const packed = (name: string, tar: Buffer) => (name.endsWith('gz') ? gzipSync(tar) : tar);
