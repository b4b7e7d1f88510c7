import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSubjectList } from '../../src/runs/subject-list/read-subject-list.ts';
import { UsageError } from '../../src/util/errors.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await makeTemporaryFolder();
});
afterAll(() => folder.remove());

const { signal } = new AbortController();

async function read(name: string, content: string | Buffer) {
  await writeFile(join(folder.path, name), content);
  const listed = await readSubjectList(name, { setting: '--forget-list', folder: folder.path, signal });
  return listed.map(({ subjectId }) => subjectId);
}

const two = ['emp-1', 'emp-2'];

it.each<[string, string, string | Buffer, string[]]>([
  ['a plain text', 'a.txt', 'emp-1\nemp-2\n', two],
  ['without a suffix', 'a', 'emp-1\nemp-2', two],
  ['CRLF and a byte order mark', 'a.txt', '\ufeffemp-1\r\nemp-2\r\n', two],
  ['CR only', 'a.txt', 'emp-1\remp-2\r', two],
  ['all kinds of line ends', 'a.txt', 'emp-1\r\n\r\n\n\remp-2', two],
  ['blanks', 'a.txt', 'emp-1  \n\temp-2\n', two],
  ['blanks that nobody sees', 'a.txt', 'emp-1\u00a0\n\u200bemp-2\ufeff\n', two],
  ['several on a line', 'a.txt', 'emp-1, emp-2\n', two],
  ['several on a line, with semicolons', 'a.txt', 'emp-1;emp-2;\n', two],
  ['several on a line, with tabs', 'a.txt', 'emp-1\temp-2\n', two],
  ['numbers on a line', 'a.txt', '00017,18, 19\n20\n', ['00017', '18', '19', '20']],
  ['ids of different kinds on a line', 'a.txt', 'emp-1,HR/22\n', ['emp-1', 'HR/22']],
  ['quotes', 'a.txt', '"emp-1"\n"emp-2"\n', two],
  ['quotes on a line', 'a.txt', '"emp-1", "emp-2"\n', two],
  ['as SQL writes them', 'a.txt', "'emp-1',\n'emp-2'\n", two],
  ['an apostrophe of a name', 'a.txt', "'t Hart\n", ["'t Hart"]],
  ['a comma inside quotes', 'a.txt', '"Doe, Jane"\n', ['Doe, Jane']],
  ['one id with a comma', 'a.txt', 'Zoë, 2\n', ['Zoë, 2']],
  ['a name, which may be two ids', 'a.txt', 'Doe, Jane\n', ['Doe, Jane', 'Doe', 'Jane']],
  ['a quote inside an id', 'a.txt', 'the 5" one\n', ['the 5" one']],
  ['another case', 'a.txt', 'EMP-1\nEMP-2\n', ['EMP-1', 'EMP-2']],
  ['a first line that is the name of the column', 'a.txt', 'ID\nemp-1\nemp-2\n', two],
  ['a comment', 'a.txt', '# leavers\nemp-1\nemp-2\n', two],
  ['an id with a hash', 'a.txt', '#17\n', ['#17']],
  ['what psql writes', 'a.txt', 'subject_id\nemp-1\nemp-2\n(2 rows)\n', two],
  ['0x1A at the end', 'a.txt', 'emp-1\r\nemp-2\r\n\x1a', two],
  ['a table in a text file', 'a.txt', 'name;id\nA;emp-1\nB;emp-2\n', two],
  ['a table', 'a.csv', 'subject_id\nemp-1\nemp-2\n', two],
  ['a table with semicolons', 'a.csv', 'subject_id;name\nemp-1;A\nemp-2;B\n', two],
  ['a table with sep=', 'a.csv', 'sep=;\nsubject_id;name\nemp-1;A\nemp-2;B\n', two],
  ['a table with bars', 'a.csv', 'name|id\nA|emp-1\nB|emp-2\n', two],
  ['a table with CR only', 'a.csv', 'subject_id,name\remp-1,A\remp-2,B\r', two],
  ['a table with blanks before quotes', 'a.csv', 'id, name\n"emp-1", "A"\n"emp-2", "B"\n', two],
  ['a table with blanks', 'a.csv', 'id,name\nemp-1\u00a0,A\n emp-2,B\n', two],
  ['a table with empty fields at the end', 'a.csv', 'id,name\nemp-1,A,,\nemp-2,B,\n', two],
  ['a table with a total', 'a.csv', 'id,name\nemp-1,A\nemp-2,B\n(2 rows)\n', two],
  ['a table with tabs', 'a.tsv', 'subject_id\tname\nemp-1\tA\nemp-2\tB\n', two],
  ['a formula that gives text', 'a.csv', 'id,name\n"=""00017""",A\n', ['00017']],
  ['JSON texts', 'a.jsonl', '"emp-1"\n"emp-2"\n', two],
  ['JSON objects', 'a.jsonl', '{"subjectId":"emp-1"}\r\n{"subject_id":" emp-2 "}', two],
  ['a JSON array', 'a.json', '["emp-1","emp-2"]\n', two],
  ['a JSON array of objects', 'a.jsonl', '[{"id":"emp-1"},{"id":"emp-2"}]', two],
  ['JSON with CR only', 'a.jsonl', '"emp-1"\r"emp-2"\r', two],
  ['a table with a replacement character of its own', 'a.csv', 'id\nM\ufffdller\n', ['M\ufffdller']],
  [
    'a table in another encoding beside its ids',
    'a.csv',
    Buffer.from('id,name\nemp-1,M\xfc\nemp-2,\n', 'latin1'),
    two,
  ],
  ['JSON numbers', 'a.jsonl', '17\n{"id":18}\n', ['17', '18']],
])('reads %s', async (_, name, content, expected) => {
  expect(await read(name, content)).toEqual(expected);
});

it.each<[string, string, string | Buffer, string]>([
  ['an empty text', 'b.txt', '', 'names nobody'],
  ['an empty text with a byte order mark', 'b.txt', '\ufeff', 'names nobody'],
  ['blank lines', 'b.txt', '\n \r\n\u00a0\n', 'names nobody'],
  ['comments alone', 'b.txt', '# nobody\n', 'names nobody'],
  ['a column without rows', 'b.txt', 'id\n', 'names nobody'],
  ['an empty table', 'b.csv', 'subject_id,name\n', 'names nobody'],
  ['an empty CSV file', 'b.csv', '', 'names nobody'],
  ['empty JSON lines', 'b.jsonl', '\n', 'names nobody'],
  ['an empty JSON array', 'b.jsonl', '[]\n', 'names nobody'],
  [
    'a table without the column',
    'b.csv',
    'emp-1\nemp-2\n',
    'line 1: the first row of a table needs the column subject_id (or id); the columns found are "emp-1"',
  ],
  ['an empty id', 'b.csv', 'subject_id,name\n,A\n', 'line 2: subject id is empty'],
  ['a row that is torn', 'b.csv', 'name;id\nA;emp-1\nB', 'line 3: it has 1 fields, the first row has 2'],
  [
    'a quote that is torn',
    'b.csv',
    'id,name\nemp-1,A\nemp-2,"B',
    'line 3: it opens a quote that is never closed',
  ],
  ['a quote that swallows rows', 'b.csv', 'id\n"emp-1\nemp-2\n"\n', 'goes over several lines'],
  ['a quote of a text that is torn', 'b.txt', 'emp-1\n"emp', 'line 2: it opens a quote that is never closed'],
  [
    'a letter that is torn',
    'b.txt',
    Buffer.from('emp-1\nMül').subarray(0, 8),
    'line 2: it is not valid UTF-8',
  ],
  ['another encoding', 'b.txt', Buffer.from('emp-1\nMüller\n', 'latin1'), 'line 2: it is not valid UTF-8'],
  [
    'a table in another encoding',
    'b.csv',
    Buffer.from('id,name\nM\xfcller,A\n', 'latin1'),
    'line 2: it is not valid UTF-8',
  ],
  ['a table with two columns of ids', 'b.csv', 'id,name,id\nemp-1,A,emp-2\n', 'has the column id twice'],
  ['UTF-16', 'b.txt', Buffer.from('\ufeffemp-1\n', 'utf16le'), 'is UTF-16 text'],
  ['NUL bytes', 'b.txt', 'emp-1\n\0\0\0\0', 'line 2: subject id holds a NUL character'],
  ['a table that ends in NUL bytes', 'b.csv', 'id,name\nemp-1,A\n\0\0\0', 'line 3: it is NUL bytes'],
  ['a total of more rows', 'b.txt', 'emp-1\n(2 rows)\n', 'there are 2 rows, and 1 came before it'],
  ['a table with a total of more rows', 'b.csv', 'id,name\nemp-1,A\n(2 rows)\n', 'the list is not whole'],
  ['JSON that is torn', 'b.jsonl', '{"subjectId":"emp-1"}\n{"subjectId":"em', 'line 2: it is no JSON'],
  ['JSON without an id', 'b.jsonl', '{"name":"A"}\n', 'line 1: it has no id'],
  ['a number that is not exact', 'b.jsonl', '{"id":9007199254740993}\n', 'line 1: it has no id'],
  ['null', 'b.jsonl', 'null\n', 'line 1: it has no id'],
  ['an id twice', 'b.jsonl', '{"id":"emp-1"}\n{"id":"emp-1","id":"emp-2"}\n', 'line 2: it has "id" twice'],
  [
    'an id twice in an array',
    'b.jsonl',
    '[{"subjectId":"emp-1","subjectId":"emp-2"}]',
    'has "subjectId" twice',
  ],
  [
    'an error of a formula',
    'b.csv',
    'id,name\n#N/A,A\n',
    'line 2: subject id "#N/A" is the error of a formula',
  ],
])('refuses %s', async (_, name, content, words) => {
  const reading = read(name, content);
  await expect(reading).rejects.toBeInstanceOf(UsageError);
  await expect(reading).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(words) });
});

it('reads a list with CR only that is larger than any line may be', async () => {
  const ids = Array.from({ length: 150_000 }, (_, index) => `emp-${index}`);
  expect(await read('c.txt', `${ids.join('\r')}\r`)).toEqual(ids);
});
