import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSource } from '../../src/sources/open-source.ts';
import type { ListedPhoto } from '../../src/sources/source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { listAll } from './source-conformance.ts';

let folder: TemporaryFolder;
let path: string;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
  path = join(folder.path, 'people.csv');
});
afterEach(() => folder.remove());

async function list(content: string | Buffer, options: { keepIds?: boolean } = {}) {
  await writeFile(path, content);
  return listAll(await openSource(path, options));
}

/** `id>photo`, with its warnings or its problem. */
function shown({ subjectId, photo = '', warnings = [], problem }: ListedPhoto): string {
  if (problem !== undefined) return `! ${problem}`;
  return [`${subjectId}>${photo.replace(`${folder.path}/`, '')}`, ...warnings].join(' ');
}

const one = ['e1>1.jpg'];
const two = ['e1>1.jpg', 'e2>2.jpg'];

test.each<[string, string | Buffer, string[]]>([
  ['sep=, before the header', 'sep=,\r\nid,photo\r\ne1,1.jpg\r\n', one],
  ['sep=; before the header', 'sep=;\r\nid;photo\r\ne1;1.jpg\r\n', one],
  ['a tab named by sep=', 'sep=\t\nid\tphoto\ne1\t1.jpg\n', one],
  ['SEP= with a byte order mark and quotes', '\ufeff"SEP=|"\nid|photo\ne1|1.jpg', one],
  ['sep= with lines that end in CR', 'sep=,\rid,photo\re1,1.jpg\r', one],
  ['two byte order marks', '\ufeff\ufeffid,photo\ne1,1.jpg\n', one],
  ['a blank before quotes', 'id, photo\r\n"e1", "1.jpg"\r\n"e2", "2.jpg"\r\n', two],
  ['blanks on both sides of quotes', 'id ,photo\n"e1" , "1.jpg"\n "e2" ,"2.jpg" \n', two],
  ['a tab before quotes', 'id,photo\n"e1",\t"1.jpg"\n', one],
  ['a blank before quotes with a comma inside', 'id, photo\n"a, b", "1.jpg"\n', ['a, b>1.jpg']],
  ['0x1A in a line of its own', 'id,photo\r\ne1,1.jpg\r\n\x1a', one],
  ['0x1A behind the last field', 'id,photo\ne1,1.jpg\x1a', one],
  ['several 0x1A', 'id,photo\ne1,1.jpg\n\x1a\x1a\x1a', one],
  ['0x1A that is not at the end', 'id,photo\ne\x1a1,1.jpg\n', ['e\x1a1>1.jpg id-invisible']],
  ['the total line of psql', 'id,photo\ne1,1.jpg\ne2,2.jpg\n(2 rows)\n', two],
  ['a total line behind an empty line', 'id,photo\r\ne1,1.jpg\r\n\r\n(1 rows)\r\n', one],
  ['the total line of one row', 'id,photo\ne1,1.jpg\n(1 row)\n\n', one],
  ['the total line of sqlcmd', 'id,photo\ne1,1.jpg\n\n(1 rows affected)\n', one],
  ['the total line of SQL*Plus', 'id,photo\ne1,1.jpg\n\n1 row selected.\n', one],
  ['the total line of mysql', 'id,photo\ne1,1.jpg\ne2,2.jpg\n2 rows in set (0.01 sec)\n', two],
  ['a total line with delimiters', 'id,photo\ne1,1.jpg\n(1 row),\n', one],
  [
    'a total line that tells of more rows',
    'id,photo\ne1,1.jpg\n(42 rows)\n',
    [
      'e1>1.jpg',
      '! row 2 says that there are 42 rows, and 1 came before it: the list is not whole; export it again',
    ],
  ],
  [
    'a total line in the middle',
    'id,photo\ne1,1.jpg\n(1 row)\ne2,2.jpg\n',
    ['e1>1.jpg', '! row 2 has 1 fields, the header has 2', 'e2>2.jpg'],
  ],
  [
    'NUL bytes at the end',
    Buffer.concat([Buffer.from('id,photo\ne1,1.jpg\n'), Buffer.alloc(64)]),
    ['e1>1.jpg', '! row 2 is NUL bytes: the list was not written to its end; export it again'],
  ],
  [
    'blanks around ids and paths',
    'id, photo\ne1, 1.jpg\n e2 ,2.jpg \n',
    ['e1>1.jpg photo-trimmed', 'e2>2.jpg id-trimmed photo-trimmed'],
  ],
  [
    'no-break and zero-width blanks',
    'id,photo\ne1\u00a0,\u00a01.jpg\n\u200be2\u2060,2.jpg\ufeff\n',
    ['e1>1.jpg id-trimmed photo-trimmed', 'e2>2.jpg id-trimmed photo-trimmed'],
  ],
  [
    'marks of direction and wide blanks',
    'id,photo\n\u202ae1\u202c,1.jpg\n\u3000e2\u2003,\u200e2.jpg\n',
    ['e1>1.jpg id-trimmed', 'e2>2.jpg id-trimmed photo-trimmed'],
  ],
  ['a line break inside the quotes of an id', 'id,photo\n"e1\r\n",1.jpg\n', ['e1>1.jpg id-trimmed']],
  ['nothing but unseen marks', 'id,photo\n\u200b\u00a0,1.jpg\n', ['! row 1: subject id is empty']],
  ['nothing but unseen marks for a photo', 'id,photo\ne1,\u200b \n', ['! row 1: photo is empty']],
  ['an unseen mark inside an id', 'id,photo\ne\u200b1,1.jpg\n', ['e\u200b1>1.jpg id-invisible']],
  ['a soft hyphen inside an id', 'id,photo\ne\u00ad1,1.jpg\n', ['e\u00ad1>1.jpg id-invisible']],
  ['blanks inside an id', 'id,photo\ne  1,1.jpg\n', ['e  1>1.jpg']],
  [
    'a formula that gives text',
    'id,photo\n"=""00017""",1.jpg\n\'00018,2.jpg\n',
    ['00017>1.jpg id-trimmed', '00018>2.jpg id-trimmed'],
  ],
  ['an apostrophe that is part of a name', "id,photo\n't Hart,1.jpg\n", ["'t Hart>1.jpg"]],
  [
    'paths of Windows',
    'id,photo\ne1,sub\\1.jpg\ne2,C:\\photos\\2.jpg\ne3,\\\\nas\\photos\\3.jpg\ne4,d:/4.jpg\n',
    [
      'e1>sub\\1.jpg',
      '! row 2: photo "C:\\\\photos\\\\2.jpg" is a path of a Windows machine; give paths relative to the list',
      '! row 3: photo "\\\\\\\\nas\\\\photos\\\\3.jpg" is a path of a Windows machine; give paths relative to the list',
      '! row 4: photo "d:/4.jpg" is a path of a Windows machine; give paths relative to the list',
    ],
  ],
  [
    'ids out of a spreadsheet',
    'id,photo\nemp-1,1.jpg\n#N/A,2.jpg\nNULL,3.jpg\n',
    [
      'emp-1>1.jpg',
      expect.stringContaining('error of a formula'),
      expect.stringContaining('"NULL" looks like'),
    ],
  ],
  [
    'template ids that are no value',
    'id,photo,template_id\ne1,1.jpg,NULL\ne2,2.jpg,NULL\ne3,3.jpg,\n',
    [
      expect.stringContaining(
        'row 1: template id "NULL" looks like what a program writes where there is no value',
      ),
      expect.stringContaining('row 2: template id "NULL"'),
      'e3>3.jpg',
    ],
  ],
])('%s', async (_, content, expected) => {
  expect((await list(content)).map(shown)).toEqual(expected);
});

test('an id as it is written goes along where it is not the same', async () => {
  const [trimmed, plain] = await list('id,photo\n e1,1.jpg\ne2,2.jpg\n');
  expect(trimmed).toMatchObject({ subjectId: 'e1', writtenId: ' e1' });
  expect(plain).not.toHaveProperty('writtenId');
});

test('--keep-ids takes ids as they are', async () => {
  const listed = await list('id,photo\nemp-1,1.jpg\n#N/A,2.jpg\nNULL,3.jpg\nNULL,4.jpg\n3-Jan,5.jpg\n', {
    keepIds: true,
  });
  expect(listed.map(({ subjectId }) => subjectId)).toEqual(['emp-1', '#N/A', 'NULL', 'NULL', '3-Jan']);
  for (const photo of listed) expect(photo).not.toHaveProperty('problem');
  for (const photo of listed) expect(photo).not.toHaveProperty('warnings');
});

test('the verdict on a row is the same wherever listing goes on, also far behind the first look', async () => {
  const filler = Array.from({ length: 12_000 }, (_, index) => `Person,photo-of-somebody-${index}.jpg`);
  const rows = ['Null,a.jpg', ...filler, 'Null,b.jpg', '1E5,c.jpg', '(4711 rows),x', '#N/A,d.jpg'];
  const all = await list(`id,photo\n${rows.join('\n')}\n`);
  expect(all.filter(({ problem }) => problem !== undefined).map(({ row }) => row)).toEqual([12_002, 12_005]);
  for (const index of [0, 5_000, 12_000, 12_001, 12_002, 12_003]) {
    const rest = await listAll(await openSource(path), { after: JSON.parse(JSON.stringify(all[index])) });
    expect(rest).toEqual(all.slice(index + 1));
  }
});
