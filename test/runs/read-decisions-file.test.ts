import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readDecisionsFile } from '../../src/runs/review/read-decisions-file.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
});
afterEach(() => folder.remove());

async function read(content: string | Buffer) {
  const path = join(folder.path, 'decisions');
  await writeFile(path, content);
  return readDecisionsFile(path);
}

test.each([
  ['a header alone', 'seq,action,reason\n', []],
  ['no action in any row', 'seq,action,reason\n2,,\n3, ,x\n', []],
  ['as a spreadsheet writes it', '\ufeffSeq;Action;Reason\r\n2;leave-out;left us\r\n', [[2, 'leave-out']]],
  ['tabs and blanks in the header', 'seq \t action\n4\tretry\n', [[4, 'retry']]],
  ['other columns', 'seq,who,action\n4,"a, b",retry\n', [[4, 'retry']]],
  ['JSON lines', '{"seq":4,"action":"retry"}\n{"seq":5}\n', [[4, 'retry']]],
])('is read: %s', async (_, content, expected) => {
  expect((await read(content)).map(({ seq, action }) => [seq, action])).toEqual(expected);
});

test.each([
  ['nothing', '', /it is empty/],
  ['blank lines', '\n \r\n', /it is empty/],
  ['no header', '2,retry\n', /needs the columns seq and action, and has \["2","retry"\]/],
  ['a column of another name', 'seq,decision\n2,retry\n', /needs the columns seq and action/],
  ['another delimiter', 'seq|action\n2|retry\n', /needs the columns seq and action/],
  ['UTF-16', Buffer.from('\ufeffseq,action\n2,retry\n', 'utf16le'), /not in UTF-8/],
  [
    'UTF-16 without a mark',
    Buffer.from('seq,action\n2,retry\n', 'utf16le'),
    /needs the columns seq and action/,
  ],
  ['Windows-1252', Buffer.from('seq,action,reason\n2,leave-out,Müller\n', 'latin1'), /not in UTF-8/],
  ['JSON lines of another form', '{"seq":2,"decision":"retry"}\n', /no line has an action/],
  [
    'a line that is no JSON',
    '{"seq":2,"action":"retry"}\n{"seq":3,"act',
    /row 2: is no object of seq and action/,
  ],
  ['a photo twice', 'seq,action\n2,retry\n2,hand-on\n', /row 2: seq 2 is in row 1, too/],
])('is refused as a whole, in one line: %s', async (_, content, words) => {
  const error = await read(content).catch((thrown) => thrown);
  expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(words) });
  expect(error.message).not.toContain('\n');
});
