import { describe, expect, it } from 'vitest';
import {
  readCheckpoint,
  removeCheckpoints,
  writeCheckpoint,
} from '../../src/records/report/report-checkpoint.ts';
import { listParts, newPart } from '../../src/records/report/report-part.ts';
import { openParts } from '../../src/records/report/report-parts.ts';
import { emptyTally } from '../../src/records/report/report-tally.ts';
import { createSeqBitmap } from '../../src/records/report/seq-bitmap.ts';
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

describe('a checkpoint', () => {
  const parts = [
    { ...newPart('1-1.jsonl', 1), sizeInBytes: 100, smallestSeq: 1, largestSeq: 9 },
    { ...newPart('2-1.jsonl', 2), sizeInBytes: 50, smallestSeq: 3, largestSeq: 4 },
  ];
  const checkpoint = (epoch: number, total = epoch) => ({
    ...{ epoch, runFolder, parts, bitmap: createSeqBitmap().encode() },
    tally: { ...emptyTally(), total },
  });
  const sizes = (first: number, second: number) => [
    { name: '1-1.jsonl', sizeInBytes: first },
    { name: '2-1.jsonl', sizeInBytes: second },
  ];
  const newest = async (given = sizes(100, 50)) =>
    (await readCheckpoint(state, runFolder, given))?.tally.total;

  it('that is the newest is taken', async () => {
    expect(await newest()).toBeUndefined();
    for (const epoch of [8, 9]) await writeCheckpoint(state, checkpoint(epoch));
    expect(await newest()).toBe(9);
    await writeCheckpoint(state, checkpoint(10));
    expect(await newest()).toBe(10);
    await write('checkpoint-0.json', 'damaged');
    await write('checkpoint-x.json', 'none');
    expect(await newest()).toBe(10);
  });

  it('that is older is taken where the newest is damaged, and the former version’s is read', async () => {
    await writeCheckpoint(state, checkpoint(0));
    await writeCheckpoint(state, checkpoint(1));
    const path = `${partsFolder}/checkpoint-1.json`;
    const text = String(await state.read(path));
    const body = JSON.stringify({ ...JSON.parse(JSON.parse(text).body), parts: [] });
    const wrong = [
      '',
      'null',
      '{}',
      '{"sha256":5,"body":5}',
      text.slice(0, -9),
      text.replace('calls', 'CALLS'),
    ];
    for (const given of [...wrong, JSON.stringify({ ...JSON.parse(text), body })]) {
      await state.write(path, given);
      expect(await newest()).toBe(0);
    }
  });

  it.each([
    ['as it was', sizes(100, 50), 1],
    ['longer by now', sizes(101, 50), 1],
    ['one of more', [...sizes(100, 50), { name: '3-1.jsonl', sizeInBytes: 0 }], 1],
    ['shorter by now', sizes(100, 49), undefined],
    ['gone', sizes(100, 50).slice(1), undefined],
    ['all gone', [], undefined],
  ])('holds where a part is %s, or not', async (_, given, expected) => {
    await writeCheckpoint(state, checkpoint(1));
    expect(await newest(given)).toBe(expected);
  });

  it('says nothing of the parts of another run', async () => {
    await writeCheckpoint(state, checkpoint(1));
    const text = String(await state.read(`${partsFolder}/checkpoint-1.json`));
    await state.write('runs/other/parts/checkpoint-1.json', text);
    expect(await readCheckpoint(state, 'runs/other', sizes(100, 50))).toBeUndefined();
  });

  it('is gone once it was found to be wrong, and nothing else is', async () => {
    for (const epoch of [0, 7]) await writeCheckpoint(state, checkpoint(epoch));
    await write('1-1.jsonl', '');
    await removeCheckpoints(state, runFolder);
    expect((await state.list(partsFolder)).map(({ name }) => name)).toEqual(['1-1.jsonl']);
  });

  it('spares its parts’ reading: what it counts is not counted again', async () => {
    await write('1-1.jsonl', textOf(linesOf(1, 2)));
    await write('2-1.jsonl', textOf(linesOf(3)));
    const { sizeInBytes = 0 } = (await listParts(state, runFolder))[0] ?? {};
    const bitmap = createSeqBitmap();
    // It vouches for more than the part has: whoever reads the part again would see.
    for (const seq of [1, 2, 7]) bitmap.add(seq);
    const part = { ...newPart('1-1.jsonl', 1), sizeInBytes, smallestSeq: 1, largestSeq: 7 };
    const tally = { ...emptyTally(), total: 3, shared: 4 };
    await writeCheckpoint(state, { epoch: 1, runFolder, parts: [part], bitmap: bitmap.encode(), tally });
    const opened = await openParts({ state, runFolder, epoch: 3 });
    expect([1, 2, 3, 4, 7].filter((seq) => opened.covered.has(seq))).toEqual([1, 2, 3, 7]);
    expect(opened.tally).toMatchObject({ total: 4, shared: 4 });
    expect(opened.infos.map(({ name, largestSeq }) => [name, largestSeq])).toEqual([
      ['1-1.jsonl', 7],
      ['2-1.jsonl', 3],
    ]);
  });
});
