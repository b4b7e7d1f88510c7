import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { guessColumns } from '../../src/sources/manifest/guess-columns.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { listAll } from './source-conformance.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
});
afterEach(() => folder.remove());

const guess = (header: string, ...rows: string[]) => {
  const names = header.split(',');
  const { subjectId, photo } = guessColumns(
    names,
    rows.map((row) => row.split(',')),
  );
  return [subjectId, photo].map((index) => (index === undefined ? undefined : names[index]));
};

test.each<[string, string[], [string | undefined, string | undefined]]>([
  ['employee_no,name,picture', ['0017,Ann,a.jpg', '0018,Bob,b.jpg'], ['employee_no', 'picture']],
  ['name,Personnel Number,portrait', ['Ann,17,x/1', 'Bob,18,x/2'], ['Personnel Number', 'portrait']],
  ['a,b,c', ['Ann,E17,s3://archive/1.heic', 'Bob,E18,s3://archive/2.heic'], ['b', 'c']],
  ['who,dept,since,file', ['ann,it,2024-01-02,1.png', 'bob,it,2024-01-03,2.png'], [undefined, 'file']],
  ['student id,class,image', ['s1,3a,1.jpg', 's2,3a,2.jpg', 's3,3a,3.jpg'], ['student id', 'image']],
  ['code,photo_path', ['it,1.jpg', 'it,2.jpg', 'it,3.jpg'], [undefined, 'photo_path']],
  ['employee_no,picture', [], ['employee_no', 'picture']],
  ['name,town', ['Ann,Ely', 'Bob,Ayr'], [undefined, undefined]],
])('of %s the columns that are meant are seen', (header, rows, expected) => {
  expect(guess(header, ...rows)).toEqual(expected);
});

test('the columns can be renamed by the command that is given', async () => {
  const path = join(folder.path, "people's list.csv");
  await writeFile(path, '\ufeffemployee_no,name,picture\r\n0017,"Smith, Ann",a.jpg\r\n0018,Bob,b.jpg\r\n');
  const problem = await openSource(path).then(
    () => '',
    (error: Error) => error.message,
  );
  expect(problem).toMatch(
    /"employee_no" looks like the id, and "picture" looks like the photo\. Rename .*: sed /,
  );
  execFileSync('bash', ['-c', problem.slice(problem.indexOf(': sed ') + 2)]);
  const listed = await listAll(await openSource(join(folder.path, "people's list-renamed.csv")));
  expect(listed).toMatchObject([
    { subjectId: '0017', photo: join(folder.path, 'a.jpg'), metadata: { name: 'Smith, Ann' } },
    { subjectId: '0018', photo: join(folder.path, 'b.jpg') },
  ]);
});

const semicolons = '"Müller; Jörg";Fotos\\März\\a.jpg';
test.each([
  ['another separator', `subject_id;name;photo\r\n0017;${semicolons}\r\n0018;Bob;b.jpg\r\n`],
  ['a byte order mark, too', `\ufeffId;name;Photo\r\n0017;${semicolons}\r\n0018;Bob;b.jpg\r\n`],
  ['other names, too', `\ufeffPersonalnr;name;Foto\r\n0017;${semicolons}\r\n0018;Bob;b.jpg\r\n`],
  ['tabs', `employee_no\tname\tpicture\n0017\t"Müller; Jörg"\tFotos/März/a.jpg\n0018\tBob\tb.jpg\n`],
  ['bars', `id|name|photo\n0017|"Müller; Jörg"|Fotos/März/a.jpg\n0018|Bob|b.jpg\n`],
])('what keeps the columns apart can be said by the command that is given: %s', async (_, text) => {
  const path = join(folder.path, "people's list.csv");
  await writeFile(path, text);
  const problem = await openSource(path).then(
    () => '',
    (error: Error) => error.message,
  );
  expect(problem).toMatch(/separated by .*: save the file with commas, or say so in a line before its first/);
  execFileSync('bash', ['-c', problem.slice(problem.indexOf(': { printf ') + 2)]);
  const listed = await listAll(await openSource(join(folder.path, "people's list-renamed.csv")));
  expect(listed).toMatchObject([
    { subjectId: '0017', metadata: { name: 'Müller; Jörg' } },
    { subjectId: '0018', photo: join(folder.path, 'b.jpg') },
  ]);
});

test.each([
  ['a name that a shell or sed would read otherwise', 'employee_no,R&D,picture\n0017,x,a.jpg\n'],
  ['a first line that is none', 'sep=,\nemployee_no,name,picture\n0017,x,a.jpg\n'],
  ['one line for sed', 'employee_no,name,picture\r0017,x,a.jpg\r'],
])('no command is given for %s', async (_, text) => {
  const path = join(folder.path, 'people.csv');
  await writeFile(path, text);
  await expect(openSource(path)).rejects.toThrow(/Rename what is meant in the first row$/);
});
