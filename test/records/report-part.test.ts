import { appendFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import {
  listParts,
  newPart,
  partEpochOf,
  readLatestLines,
  scanPart,
  seqAtStart,
  widened,
} from '../../src/records/report/report-part.ts';
import { openParts } from '../../src/records/report/report-parts.ts';
import { sharedTemplate } from '../../src/records/report/shared-template.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';
import { lineOf, textOf } from './report-lines.ts';

const runFolder = 'runs/r';
const partsFolder = `${runFolder}/parts`;
let state: StateStore;
eachTestHasState((made) => {
  state = made;
});

const write = (name: string, text: string) => state.write(`${partsFolder}/${name}`, text);
const linesOf = (...seqs: readonly number[]) => seqs.map((seq) => lineOf(seq, 'x'));
const seqsOf = (lines: readonly ReportLine[]) => lines.map(({ seq }) => seq);

describe('the seq of a line, without parsing it', () => {
  it.each([1, 9, 10, 4711, 999_999_999_999_999])('is %i, as conductors write it', (seq) => {
    expect(seqAtStart(JSON.stringify(lineOf(seq, 'x')))).toBe(seq);
    expect(seqAtStart(JSON.stringify({ ...lineOf(seq, 'x'), run: 'nightly-20261122T010000Z' }))).toBe(seq);
    expect(seqAtStart(JSON.stringify({ ...lineOf(seq, 'x'), run: '' }))).toBe(seq);
  });

  it.each([
    '',
    '{"seq":1}',
    '{"schema":"rollcall.report/1","run":"r","seq":-1,"status":""}',
    '{"schema":"rollcall.report/1","run":"r","seq":1.5,"status":""}',
    '{"schema":"rollcall.report/1","run":"r","seq":x,"status":""}',
    '{"schema":"rollcall.report/1","run":"r","seq":,"status":""}',
    '{"schema":"rollcall.report/1","run":"r","seq":1234567890123456,"status":""}',
    '{"schema":"rollcall.report/1","run":"a\\"b","seq":1,"status":""}',
    ' {"schema":"rollcall.report/1","run":"r","seq":1,"status":""}',
    '{"schema":"rollcall.report/1","seq":1,"run":"r"}',
  ])('is left to the parser where the line begins otherwise: %s', (text) => {
    expect(seqAtStart(text)).toBeUndefined();
  });
});

describe('the files of a run’s report', () => {
  it('are listed by the epoch of their conductor, then in the order of writing', async () => {
    const names = ['10-1.jsonl', '2-10.jsonl', '2-2.jsonl', '1-1.jsonl'];
    for (const name of names) await write(name, textOf(linesOf(1)));
    for (const other of ['checkpoint-3.json', 'notes.txt', '1-1.jsonl.tmp', 'x1-1.jsonl', '1.jsonl'])
      await write(other, '');
    const sizeInBytes = Buffer.byteLength(textOf(linesOf(1)));
    expect(await listParts(state, runFolder)).toEqual(
      [...names].reverse().map((name) => ({ name, epoch: Number.parseInt(name, 10), sizeInBytes })),
    );
    expect(partEpochOf('12-3.jsonl')).toBe(12);
    expect(partEpochOf('checkpoint-12.json')).toBeUndefined();
  });

  it('know which photos they are about', () => {
    const part = newPart('1-1.jsonl', 1);
    expect(widened(part, [])).toEqual(part);
    expect(widened(part, linesOf(7))).toMatchObject({ smallestSeq: 7, largestSeq: 7 });
    const wide = widened(part, linesOf(5, 3, 9, 4));
    expect(wide).toEqual({ ...part, smallestSeq: 3, largestSeq: 9 });
    expect(widened(wide, linesOf(1, 12))).toMatchObject({ smallestSeq: 1, largestSeq: 12 });
  });

  it('are read from where they were read before, up to their last whole line', async () => {
    const first = textOf(linesOf(4, 2));
    await write('1-1.jsonl', first);
    const seen: string[] = [];
    const options = {
      onLine: ({ seq }: ReportLine) => void seen.push(`${seq}`),
      onShared: ({ templateId }: { templateId: string }) => void seen.push(templateId),
    };
    const known = await scanPart(state, runFolder, { known: newPart('1-1.jsonl', 1), ...options });
    const sizeInBytes = Buffer.byteLength(first);
    expect(known).toEqual({ name: '1-1.jsonl', epoch: 1, sizeInBytes, smallestSeq: 2, largestSeq: 4 });
    const found = `${JSON.stringify(sharedTemplate('T', 'shared'))}\n`;
    const more = `${found}no line\n${textOf(linesOf(9))}`;
    await appendFile(state.locate(`${partsFolder}/1-1.jsonl`), `${more}{"schema":"roll`);
    const later = await scanPart(state, runFolder, { known, ...options });
    expect(later).toEqual({ ...known, sizeInBytes: sizeInBytes + Buffer.byteLength(more), largestSeq: 9 });
    expect(seen).toEqual(['4', '2', 'T', '9']);
  });
});

describe('the lines that were written last', () => {
  const size = Buffer.byteLength(textOf(linesOf(1)));

  async function latest(sizeInBytes: number) {
    const read: [number, number[]][] = [];
    for await (const { epoch, lines } of readLatestLines(state, runFolder, sizeInBytes))
      read.push([epoch, seqsOf(lines)]);
    return read;
  }

  it.each([
    [
      'all',
      99 * size,
      [
        [1, [1, 2, 3]],
        [2, [4, 5]],
      ],
    ],
    [
      'exactly all',
      5 * size,
      [
        [1, [1, 2, 3]],
        [2, [4, 5]],
      ],
    ],
    [
      'those of two parts',
      3 * size,
      [
        [1, [3]],
        [2, [4, 5]],
      ],
    ],
    [
      'half a line, which is none',
      2 * size + size / 2,
      [
        [1, []],
        [2, [4, 5]],
      ],
    ],
    ['those of the last part', 2 * size, [[2, [4, 5]]]],
    ['one', size, [[2, [5]]]],
    ['none', 0, []],
  ])('are %s, in so many bytes', async (_, sizeInBytes, expected) => {
    await write('1-1.jsonl', textOf(linesOf(1, 2, 3)));
    await write('2-1.jsonl', textOf(linesOf(4, 5)));
    expect((await latest(sizeInBytes)).filter(([, seqs]) => seqs.length > 0)).toEqual(
      expected.filter(([, seqs]) => (seqs as number[]).length > 0),
    );
  });

  it('are none of what is damaged', async () => {
    await write('1-1.jsonl', `no line\n${textOf(linesOf(1))}`);
    expect(await latest(99 * size)).toEqual([[1, [1]]]);
  });
});

describe('a conductor', () => {
  const open = (epoch: number) => openParts({ state, runFolder, epoch });
  const names = async () => (await listParts(state, runFolder)).map(({ name }) => name);

  it('says which file it writes, and what is in it', async () => {
    const parts = await open(1);
    expect(parts.infos).toEqual([]);
    await parts.add(linesOf(3, 2));
    await parts.add(linesOf(2, 5));
    await parts.close();
    const { sizeInBytes = 0 } = (await listParts(state, runFolder))[0] ?? {};
    expect(parts.infos).toEqual([
      { name: '1-1.jsonl', epoch: 1, sizeInBytes, smallestSeq: 2, largestSeq: 5 },
    ]);
  });

  it('begins no file for nothing', async () => {
    const parts = await open(1);
    expect(await parts.add([], [sharedTemplate('T', 'shared')])).toEqual([]);
    await parts.close();
    expect(await names()).toEqual([]);
  });

  it('counts what was found out of the lines, its own and its predecessors’', async () => {
    const first = await open(1);
    await first.add(linesOf(1), [sharedTemplate('T', 'shared'), sharedTemplate('U', 'implausible')]);
    await first.close();
    expect(first.tally.shared).toBe(2);
    const second = await open(2);
    await second.add(linesOf(2), [sharedTemplate('V', 'shared')]);
    await second.close();
    expect(second.tally.shared).toBe(3);
  });

  it.each([
    [['3-1.jsonl'], '3-2.jsonl'],
    [['3-9.jsonl', '3-10.jsonl'], '3-11.jsonl'],
    [['2-5.jsonl', '4-6.jsonl'], '3-1.jsonl'],
    [[], '3-1.jsonl'],
  ])('never writes into a file that is there: after %j, %s', async (before, own) => {
    for (const name of before) await write(name, '');
    const parts = await open(3);
    await parts.add(linesOf(1));
    await parts.close();
    expect((await names()).filter((name) => !before.includes(name))).toEqual([own]);
  });

  it('goes on after an addition that failed, which it does not count', async () => {
    let isFull = true;
    const full: StateStore = {
      ...state,
      async openAppender(path) {
        const appender = await state.openAppender(path);
        const append = (text: string) =>
          isFull ? Promise.reject(new Error('no room')) : appender.append(text);
        return {
          append,
          close: appender.close,
          get sizeInBytes() {
            return appender.sizeInBytes;
          },
        };
      },
    };
    const parts = await openParts({ state: full, runFolder, epoch: 1 });
    const failed = parts.add(linesOf(1), [sharedTemplate('T', 'shared')]);
    await expect(failed).rejects.toThrow('no room');
    expect([parts.covered.count, parts.tally.total, parts.tally.shared]).toEqual([0, 0, 0]);
    isFull = false;
    expect(seqsOf(await parts.add(linesOf(1)))).toEqual([1]);
    await parts.close();
  });
});
