import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createPhotoReader } from '../../src/photos/read-photo.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { listAll } from './source-conformance.ts';

/** Made by `make.sh` there, with Info-ZIP, 7-Zip, GNU tar and Python. */
const folder = join(import.meta.dirname, '../fixtures/archives');
const { signal } = new AbortController();

/** What each photo holds, or its problem. */
async function contents(name: string): Promise<Record<string, string>> {
  const reader = createPhotoReader({ rootFolder: folder, timeoutInMs: 5_000, allowPrivate: false });
  const found: Record<string, string> = {};
  for (const { photo = '', problem } of await listAll(await openSource(join(folder, name)))) {
    const read = problem === undefined ? await reader.read(photo, signal) : { problem };
    const path = photo.slice(join(folder, name).length + 2);
    found[path] = 'problem' in read ? read.problem : `${read.bytes}`.slice(0, 13);
  }
  await reader.close();
  return found;
}

const anna = { 'anna.jpg': 'photo of anna' };
const bert = { 'bert.jpg': 'photo of bert' };
const jose = { 'José/José.jpg': 'photo of José' };
const long = {
  'José/a long name of a folder, which goes on and on until no header of a hundred bytes can hold it any more/名前.jpg':
    'photo of 名前',
};
const link = { 'link.jpg': expect.stringContaining('is a link, which is not followed') };
const because = (text: string) => expect.stringContaining(text);

const held: [string, Record<string, unknown>][] = [
  ['info-zip.zip', { ...anna, ...bert, ...jose, ...long, ...link }],
  ['info-zip-64.zip', { ...anna, ...bert, ...jose, ...long, ...link }],
  ['info-zip-sfx.zip', { ...anna, ...bert, ...jose, ...long, ...link }],
  ['info-zip-stream.zip', anna],
  ['info-zip-encrypted.zip', { 'anna.jpg': because('is encrypted') }],
  ['7-zip.zip', { ...anna, ...bert, ...jose, ...long, ...link }],
  ['7-zip-deflate64.zip', { 'bert.jpg': because('Deflate64') }],
  ['7-zip-lzma.zip', { 'bert.jpg': because('LZMA') }],
  ['7-zip-bzip2.zip', { 'bert.jpg': because('bzip2') }],
  ['7-zip-aes.zip', { 'anna.jpg': because('is encrypted') }],
  ['python.zip', { ...anna, ...bert, ...jose }],
  ['python-lzma.zip', { 'bert.jpg': because('LZMA') }],
  ['python-twice.zip', { 'anna.jpg': because('more than once') }],
  ['7-zip.tar', { ...anna, ...bert, ...jose, ...long, ...link }],
  ['gnu-tar-gnu.tar', { ...anna, ...bert, ...jose, ...long, ...link }],
  ['gnu-tar-pax.tar', { ...anna, ...bert, ...jose, ...long, ...link }],
  ['gnu-tar-ustar.tar', { ...anna, ...bert, ...jose, ...link }],
  ['gnu-tar.tgz', { ...anna, ...bert, ...jose, ...long, ...link }],
  ['gnu-tar-odd.tar', { ...anna, 'hard.jpg': because('is a hard link'), 'holes.jpg': because('sparse') }],
  ['python.tgz', { ...anna, ...bert, ...jose }],
];

test.each(held)('%s', async (name, expected) => {
  expect(await contents(name)).toEqual(expected);
});

test('each of them has its line above', async () => {
  expect((await readdir(folder)).sort()).toEqual([...held.map(([name]) => name), 'make.sh'].sort());
});
