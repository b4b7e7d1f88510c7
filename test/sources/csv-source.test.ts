import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readCsvRecords } from '../../src/sources/manifest/csv-records.ts';
import { openLocalManifest } from '../../src/sources/manifest/local-manifest.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { randomInputs } from '../helpers/long.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { listAll } from './source-conformance.ts';

let folder: TemporaryFolder;
let path: string;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
  path = join(folder.path, 'people.csv');
});
afterEach(() => folder.remove());

async function list(content: string | Buffer) {
  await writeFile(path, content);
  return listAll(await openSource(path));
}

describe('a file that is no manifest', () => {
  test.each([
    ['', /is empty/],
    ['\n\n', /is empty/],
    ['name,picture\n1,a.jpg', /columns found are "name", "picture"\./],
    ['id;photo\n1;a.jpg', /separated by ";": save the file with commas/],
    ['id\tphoto\n1\ta.jpg', /separated by a tab/],
    ['id,photo,dept,dept\n', /duplicate columns: "dept"/],
    ['id,photo,Photo\n', /duplicate columns: "photo"/],
    ['id,"photo\n1,a.jpg', /its first row opens a quote that is never closed/],
    [Buffer.from('\uFEFFid,photo\n', 'utf16le'), /is UTF-16 text; save it as UTF-8/],
    [Buffer.from('id,photo\n', 'utf16le'), /is a binary file or UTF-16 text/],
    [Buffer.from('id,photo,größe\n', 'latin1'), /is not UTF-8 text/],
    [Buffer.from([0x50, 0x4b, 3, 4, 0, 0]), /is a workbook or archive/],
    [Buffer.from([0x1f, 0x8b, 8, 0]), /is compressed/],
  ])('%j is wrong usage', async (content, message) => {
    await expect(list(content)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(message),
    });
  });
});

describe('a wrong row is a problem, and the next one goes on', () => {
  test.each([
    ['NUL in the id', '1\0,a.jpg,', 'row 1: subject id holds a NUL character'],
    ['a long id', `${'x'.repeat(513)},a.jpg,`, 'row 1: subject id is longer than 512 characters'],
    ['no photo', '1,,', 'row 1: photo is empty'],
    ['a blank id', '  ,a.jpg,', 'row 1: subject id is empty'],
    ['NUL in metadata', '1,a.jpg,x\0', 'row 1: column "dept" holds a NUL character'],
    ['too many fields', '1,a.jpg,x,y', 'row 1 has 4 fields, the header has 3'],
    [
      'a stray quote',
      '1,5" wide.jpg,',
      'row 1 has a quote in the wrong place; a field with quotes in it is written "like ""this"""',
    ],
    [
      'http',
      '1,http://h/a.jpg,',
      'row 1: photo "http://h/a.jpg" would be fetched without encryption; give an https:// address',
    ],
    ['Latin-1', Buffer.from('1,a.jpg,größe', 'latin1'), 'row 1 is not valid UTF-8; save the list as UTF-8'],
    ['a long field', `1,${'x'.repeat(2 * 2 ** 20)},`, 'row 1 is longer than 1 MiB; is a quote missing?'],
    ['many commas', ','.repeat(3 * 2 ** 20), 'row 1 is longer than 1 MiB; is a quote missing?'],
  ])('%#: %s', async (_, row, problem) => {
    const listed = await list(
      Buffer.concat(['id,photo,dept\n', row, '\n2,b.jpg,\n'].map((part) => Buffer.from(part))),
    );
    expect(listed).toEqual([
      expect.objectContaining({ problem }),
      expect.objectContaining({ row: 2, subjectId: '2', photo: join(folder.path, 'b.jpg') }),
    ]);
  });

  test('a quote that is never closed costs its own row, however long the rest is', async () => {
    const rest = Array.from({ length: 50_000 }, (_, index) => `${index},photo-${index}.jpg,a longer text`);
    const listed = await list(`id,photo,dept\nbroken,"b.jpg,\n${rest.join('\n')}\n`);
    expect(listed).toHaveLength(50_001);
    expect(listed.filter(({ problem }) => problem !== undefined)).toHaveLength(1);
    expect(listed.at(-1)).toMatchObject({ row: 50_001, subjectId: '49999' });
  });

  test('a lost quote that meets another one further down does not swallow the rows between', async () => {
    const listed = await list('id,photo,dept\n1,"a.jpg,x\n2,b.jpg,y\n3,c.jpg,"z"\n');
    expect(listed.map(({ subjectId, problem }) => problem === undefined && subjectId)).toEqual([
      false,
      '2',
      '3',
    ]);
    const other = await list('id,photo,dept\n1,"a.jpg,x\n2,b.jpg,y\n3,c.jpg"\n4,d.jpg,\n');
    expect(other.map(({ row }) => row)).toEqual([1, 2, 3, 4]);
    expect(other[3]).toMatchObject({ subjectId: '4' });
  });
});

test('what stands in a row that is fine comes through as it is', async () => {
  const listed = await list(
    'id,photo,__proto__,=cmd,replaced\n" 1 ",a.jpg,p,"=1+1\n",\uFFFD\r2,b.jpg,,,\r\n',
  );
  const metadata = JSON.parse('{"__proto__":"p","=cmd":"=1+1\\n","replaced":"\uFFFD"}');
  expect(listed[0]).toMatchObject({ subjectId: '1', writtenId: ' 1 ', metadata });
  expect(Object.keys(listed[0]?.metadata ?? {})).toEqual(['__proto__', '=cmd', 'replaced']);
  expect(listed[1]).toMatchObject({ row: 2, subjectId: '2' });
});

test('10,000 columns, in a header larger than what is looked at first', async () => {
  const names = Array.from({ length: 10_000 }, (_, index) => `größe-${index}`);
  const [photo] = await list(`id,photo,${names.join(',')}\n1,a.jpg,${names.join(',')}\n`);
  expect(Object.keys(photo?.metadata ?? {})).toHaveLength(10_000);
  expect(photo).not.toHaveProperty('problem');
});

test('does not go on in a file that is another one by now', async () => {
  const [, after] = await list('id,photo\n1,a.jpg\n2,b.jpg\n3,c.jpg\n');
  const go = async () => listAll(await openSource(path), after === undefined ? {} : { after });
  expect(await go()).toHaveLength(1);
  await writeFile(path, 'id,photo\n1,another.jpg\n2,b.jpg\n3,c.jpg\n');
  await expect(go()).rejects.toMatchObject({ exitCode: 2, code: 'source-changed' });
  await truncate(path, 12);
  await expect(go()).rejects.toMatchObject({ exitCode: 2, code: 'source-changed' });
});

const signal = new AbortController().signal;

async function readRecords(content: Buffer, fieldCount?: number) {
  await writeFile(path, content);
  const bytes = await openLocalManifest(path);
  try {
    const records = [];
    const expected = fieldCount === undefined ? {} : { fieldCount };
    for await (const record of readCsvRecords({ bytes, offset: 0, signal, ...expected }))
      records.push(record);
    return records;
  } finally {
    await bytes.close();
  }
}

test('reads every valid CSV as another parser does, wherever it begins', async () => {
  const field = fc.string({ unit: fc.constantFrom('a', 'é', ',', '"', '\n', '\r', ' ', '😀') });
  const rows = fc.array(fc.array(field, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 8 });
  const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
  await fc.assert(
    fc.asyncProperty(rows, lineEnd, async (table, end) => {
      const quote = (text: string) => (/[,"\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
      const content = Buffer.from(table.map((row) => row.map(quote).join(',') + end).join(''));
      const records = await readRecords(content, 2);
      expect(records.map((record) => 'fields' in record && record.fields)).toEqual(table);
      for (const { start, end: recordEnd } of records) {
        const one = parse(content.subarray(start, recordEnd), { relax_column_count: true });
        expect(one).toEqual([table[records.findIndex((record) => record.start === start)]]);
      }
    }),
    { numRuns: randomInputs(60) },
  );
});

test('loses no byte of any file: each lies in one record, or in the lines that a broken one was told for', async () => {
  const piece = fc.constantFrom('a', '"', ',', '\n', '\r\n', '1,"x"\n', '"b\n', 'é');
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
      const content = Buffer.from(pieces.join(''));
      const records = await readRecords(content, 2);
      let place = 0;
      for (const { start, end } of records) {
        expect(start).toBe(place);
        expect(end).toBeGreaterThan(start);
        place = end;
      }
      expect(content.subarray(place).toString().trim()).toBe('');
    }),
    { numRuns: randomInputs(150) },
  );
});
