import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readReport } from '../../src/records/report/read-report.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { lineOf, textOf } from './report-lines.ts';

const report = textOf([1, 2, 3].map((seq) => lineOf(seq, 'a')));
const sha256 = createHash('sha256').update(report).digest('hex');

/** What may become of a report; undefined: it is gone. */
const changes: readonly (readonly [string, (text: string) => string | undefined])[] = [
  ['cut off in a line', (text) => text.slice(0, -20)],
  ['cut off after a line', (text) => text.slice(0, text.lastIndexOf('{'))],
  ['without its last newline', (text) => text.trimEnd()],
  ['emptied', () => ''],
  ['removed', () => undefined],
  ['with a status edited', (text) => text.replace('enrolled', 'rejected')],
  ['with a line more', (text) => text + textOf([lineOf(4, 'a')])],
  ['with half a line more', (text) => `${text}{"seq":4`],
  ['with a blank more', (text) => text.replace('{', '{ ')],
  ['with its lines sorted anew', (text) => `${text.trimEnd().split('\n').reverse().join('\n')}\n`],
  ['with line ends of Windows', (text) => text.replaceAll('\n', '\r\n')],
  ['with a mark at its beginning', (text) => `\ufeff${text}`],
];

describe('the report of a run that is over', () => {
  let folder: TemporaryFolder;
  let state: StateStore;

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    state = createLocalStateStore(folder.path);
  });
  afterAll(() => folder.remove());

  async function read(run: string, text: string | undefined, summary: object): Promise<number[]> {
    if (text !== undefined) await state.write(`runs/${run}/report.jsonl`, text);
    await state.write(`runs/${run}/summary.json`, JSON.stringify(summary));
    const seqs: number[] = [];
    for await (const { seq } of readReport(state, `runs/${run}`)) seqs.push(seq);
    return seqs;
  }

  it('is read as it was written', async () => {
    expect(await read('whole', report, { reportSha256: sha256 })).toEqual([1, 2, 3]);
  });

  it.each(changes)('%s: is refused before its first line', async (what, change) => {
    const run = what.replaceAll(' ', '-');
    const reading = read(run, change(report), { reportSha256: sha256 });
    await expect(reading).rejects.toMatchObject({
      code: 'report-changed',
      exitCode: 4,
      message: expect.stringMatching(/report\.jsonl is not the report .* Restore it from a backup/),
    });
  });

  it('that is empty is refused where it was removed', async () => {
    const empty = { reportSha256: createHash('sha256').digest('hex') };
    expect(await read('empty', '', empty)).toEqual([]);
    await expect(read('empty-and-gone', undefined, empty)).rejects.toMatchObject({ code: 'report-changed' });
  });

  it('that is longer than one read is read as it was written', async () => {
    const long = textOf(Array.from({ length: 60 }, (_, index) => lineOf(index + 1, 'x'.repeat(100_000))));
    const hash = createHash('sha256').update(long).digest('hex');
    expect(await read('long', long, { reportSha256: hash })).toHaveLength(60);
  });

  it('of an earlier version, without a checksum, is read', async () => {
    expect(await read('earlier', report, { total: 3 })).toEqual([1, 2, 3]);
  });
});

describe('the report of a run that goes on', () => {
  let folder: TemporaryFolder;
  let state: StateStore;
  const runFolder = 'runs/r';
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    state = createLocalStateStore(folder.path);
  });
  afterEach(() => folder.remove());

  const read = async (from: StateStore = state) => {
    const lines: string[] = [];
    for await (const { seq, transactionId } of readReport(from, runFolder))
      lines.push(`${seq} ${transactionId}`);
    return lines;
  };

  it('has a line a photo where it ends while it is read', async () => {
    await state.write(`${runFolder}/parts/1-1.jsonl`, `no line\n${textOf([lineOf(2, 'x')])}`);
    const report = textOf([1, 2, 3].map((seq) => lineOf(seq, 'y')));
    const ending: StateStore = {
      ...state,
      async *readLines(path, options) {
        yield* state.readLines(path, options);
        if (!path.includes('/parts/')) return;
        await state.write(`${runFolder}/report.jsonl`, report);
        await state.write(`${runFolder}/summary.json`, '{}');
      },
    };
    expect(await read(ending)).toEqual(['2 x', '1 y', '3 y']);
  });

  it('is empty where there is none', async () => {
    expect(await read()).toEqual([]);
  });
});
