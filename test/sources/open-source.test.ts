import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSource } from '../../src/sources/open-source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
});
afterEach(() => folder.remove());

const usage = (message: RegExp) =>
  expect.objectContaining({ exitCode: 2, message: expect.stringMatching(message) });

test.each([
  ['', /source is missing; give a folder, s3:/],
  ['not-there', /^The source .*not-there is not there: check the path. A source is a folder/],
  ['people.xlsx', /not a source that rollcall knows by its suffix/],
  ['s3://ab/staff/', /not an address on S3: its bucket has no valid name/],
  ['https://user:secret@h/people.csv', /https:\/\/redacted@h\/people.csv cannot be listed/],
])('%j is refused', async (spec, message) => {
  await writeFile(join(folder.path, 'people.xlsx'), 'x');
  await expect(openSource(spec, { workingFolder: folder.path })).rejects.toEqual(usage(message));
});

test('what kind a source is, and where its photos may lie', async () => {
  await mkdir(join(folder.path, 'photos.csv'));
  await writeFile(join(folder.path, 'people.CSV'), 'id,photo\n');
  await writeFile(join(folder.path, 'people.ndjson'), '{}\n');
  await writeFile(join(folder.path, 'report.jsonl'), '{"schema":"rollcall.report/1","status":"failed"}\n');
  const open = async (spec: string, options = {}) => {
    const { address, sameSubject, rootFolder } = await openSource(spec, {
      workingFolder: folder.path,
      ...options,
    });
    return { address, sameSubject, rootFolder };
  };
  const inFolder = (name: string) => join(folder.path, name);
  const photos = { address: inFolder('photos.csv'), rootFolder: inFolder('photos.csv') };
  expect(await open('photos.csv')).toEqual({ ...photos, sameSubject: 'collision' });
  expect(await open('photos.csv', { idFrom: '{id}/{photo}.{ext}' })).toEqual({
    ...photos,
    sameSubject: 'repeat',
  });
  const people = { sameSubject: 'repeat', rootFolder: folder.path };
  expect(await open('people.CSV')).toEqual({ ...people, address: inFolder('people.CSV') });
  expect(await open('people.ndjson')).toEqual({ ...people, address: inFolder('people.ndjson') });
  expect(await open('-')).toEqual({ ...people, address: '-' });
  const anywhere = { sameSubject: 'repeat', rootFolder: undefined };
  expect(await open('report.jsonl')).toEqual({ ...anywhere, address: inFolder('report.jsonl') });
  expect(await open('people.CSV', { allowOutside: true })).toEqual({
    ...anywhere,
    address: inFolder('people.CSV'),
  });
});

test('globs go with a folder only, and a wrong pattern for ids is told before anything is listed', async () => {
  await writeFile(join(folder.path, 'people.csv'), 'id,photo\n');
  const options = { workingFolder: folder.path, include: ['*.jpg'] };
  await expect(openSource('people.csv', options)).rejects.toEqual(usage(/a manifest is listed whole/));
  await expect(openSource('.', { workingFolder: folder.path, idFrom: 'x' })).rejects.toEqual(
    usage(/--id-from/),
  );
});

test('a pipe under a manifest’s name is refused without waiting for it', async () => {
  const path = join(folder.path, 'pipe.csv');
  await promisify(execFile)('mkfifo', [path]);
  await expect(openSource(path)).rejects.toEqual(usage(/not a regular file/));
});

test.each([
  ['people.csv', 'name,picture\na,a.jpg\n', /columns found are "name", "picture"/],
  ['empty.csv', '', /is empty/],
  ['people.jsonl', '[{"id":1}]\n', /JSON array/],
])('%s can never be listed: that is seen when it is opened', async (name, content, message) => {
  const path = join(folder.path, 'wrong', name);
  await mkdir(join(folder.path, 'wrong'), { recursive: true });
  await writeFile(path, content);
  await expect(openSource(path)).rejects.toEqual(usage(message));
});
