import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { boundedLines } from '../../src/sources/manifest/bounded-lines.ts';
import { openSource } from '../../src/sources/open-source.ts';
import type { ListedPhoto } from '../../src/sources/source.ts';
import { collectGarbage } from '../helpers/collect-garbage.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';

function usedBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/**
 * Bytes that memory grows by per photo listed, between two stretches of one listing. The lowest of many looks is what
 * is left when no chunk of the file is held.
 */
async function memorySlope(spec: string, photos: number): Promise<number> {
  const source = await openSource(spec);
  const stretch = photos / 5;
  const lowest = [1, 2, 3, 4, 5].map(() => Number.POSITIVE_INFINITY);
  let count = 0;
  let last: ListedPhoto | undefined;
  for await (const photo of source.list({ signal: new AbortController().signal })) {
    const part = Math.floor(count / stretch);
    count += 1;
    last = photo;
    if (count % (stretch / 10) === 0) lowest[part] = Math.min(lowest[part] ?? 0, usedBytes());
    if (count === photos) break;
  }
  expect(count).toBe(photos);
  expect(last?.problem).toBeUndefined();
  const [, first = 0, , , end = Number.POSITIVE_INFINITY] = lowest;
  return (end - first) / (3 * stretch);
}

async function writeRows(path: string, header: string, row: (index: number) => string): Promise<void> {
  const file = await open(path, 'w');
  await file.write(header);
  for (let block = 0; block < 110; block += 1) {
    await file.write(Array.from({ length: 1000 }, (_, index) => row(block * 1000 + index)).join(''));
  }
  await file.close();
}

test('110,000 rows are listed in flat memory', async () => {
  const folder = await makeTemporaryFolder();
  try {
    const csv = join(folder.path, 'people.csv');
    await writeRows(csv, 'id,photo,dept\n', (index) => `emp-${index},"p/${index}.jpg",dept ${index % 100}\n`);
    expect(await memorySlope(csv, 100_000)).toBeLessThan(40);
    const jsonl = join(folder.path, 'people.jsonl');
    await writeRows(
      jsonl,
      '',
      (index) => `{"id":"emp-${index}","photo":"p/${index}.jpg","dept":"${index % 100}"}\n`,
    );
    expect(await memorySlope(jsonl, 100_000)).toBeLessThan(40);
  } finally {
    await folder.remove();
  }
});

test('a folder of many folders is listed in flat memory', async () => {
  const folder = await makeTemporaryFolder();
  try {
    for (let group = 0; group < 60; group += 1) {
      const inner = join(folder.path, String(group).padStart(3, '0'));
      await mkdir(inner);
      await Promise.all(
        Array.from({ length: 100 }, (_, index) => writeFile(join(inner, `${index}.jpg`), '')),
      );
    }
    expect(await memorySlope(folder.path, 5000)).toBeLessThan(64);
  } finally {
    await folder.remove();
  }
});

test('a line of 100 MB is passed over without being held', async () => {
  const chunkSize = 1024 * 1024;
  let most = 0;
  const chunks = async function* () {
    for (let count = 0; count < 100; count += 1) {
      yield Buffer.alloc(chunkSize, 'x');
      if (count % 10 === 9) most = Math.max(most, usedBytes() - before);
    }
    yield Buffer.from('\n{}\n');
  };
  const before = usedBytes();
  const lines = [];
  for await (const line of boundedLines(chunks(), { offset: 0, row: 0 })) lines.push(line);
  expect(lines.map(({ bytes, after }) => [bytes?.toString(), after])).toEqual([
    [undefined, { offset: 100 * chunkSize + 1, row: 1 }],
    ['{}', { offset: 100 * chunkSize + 4, row: 2 }],
  ]);
  expect(most).toBeLessThan(30 * chunkSize); // buffers are freed a collection later
});
