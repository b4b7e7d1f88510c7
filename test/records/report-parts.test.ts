import { appendFile, cp, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readReport } from '../../src/records/report/read-report.ts';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import { highestEpoch, openParts } from '../../src/records/report/report-parts.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { randomInputs } from '../helpers/long.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { lineOf, textOf } from './report-lines.ts';

describe('parts', () => {
  let folder: TemporaryFolder;
  let state: StateStore;
  const runFolder = 'runs/test';
  const partPath = (name: string) => state.locate(`${runFolder}/parts/${name}`);

  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    state = createLocalStateStore(folder.path);
  });
  afterEach(() => folder.remove());

  const open = (epoch: number) => openParts({ state, runFolder, epoch });
  const range = (from: number, to: number, writtenBy = 'x') =>
    Array.from({ length: to - from + 1 }, (_, index) => lineOf(from + index, writtenBy));
  const seqsOf = (lines: readonly ReportLine[]) => lines.map(({ seq }) => seq);

  it('writes lines durably before it counts them, and leaves out those of photos that have one', async () => {
    const parts = await open(1);
    expect(seqsOf(await parts.add([lineOf(2, 'a'), lineOf(1, 'a'), lineOf(2, 'again')]))).toEqual([2, 1]);
    expect(seqsOf(await parts.add([lineOf(1, 'b'), lineOf(3, 'b')]))).toEqual([3]);
    expect(await parts.add([lineOf(3, 'c')])).toEqual([]);
    expect(parts.covered.count).toBe(3);
    expect(parts.tally).toMatchObject({ total: 3, calls: 3 });
    expect(await readFile(partPath('1-1.jsonl'), 'utf8')).toBe(
      textOf([lineOf(2, 'a'), lineOf(1, 'a'), lineOf(3, 'b')]),
    );
    await parts.close();
  });

  it('counts nothing of an addition that failed', async () => {
    const parts = await open(1);
    await state.write(`${runFolder}/parts/placeholder`, '');
    const failing = {
      ...state,
      openAppender: async (path: string) => ({
        ...(await state.openAppender(path)),
        append: async () => {
          throw new Error('no room');
        },
      }),
    };
    const broken = await openParts({ state: failing, runFolder, epoch: 2 });
    await expect(broken.add([lineOf(1, 'a')])).rejects.toThrow('no room');
    expect(broken.covered.count).toBe(0);
    expect(broken.tally.total).toBe(0);
    await broken.close();
    await parts.close();
  });

  it('takes additions that overlap one after the other, over many roll-overs', async () => {
    const parts = await open(1);
    const additions = Array.from({ length: 60 }, (_, turn) => range(turn * 1_000 + 1, turn * 1_000 + 3_000));
    const added = await Promise.all(additions.map((lines) => parts.add(lines)));
    expect(added.flat()).toHaveLength(62_000);
    expect(parts.covered.count).toBe(62_000);
    expect(parts.tally.total).toBe(62_000);
    expect(parts.infos.map(({ name }) => name)).toEqual(['1-1.jsonl', '1-2.jsonl']);
    await parts.close();
    for (const { name, sizeInBytes, smallestSeq, largestSeq } of parts.infos) {
      const lines = (await readFile(partPath(name), 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).seq);
      expect(await state.size(`${runFolder}/parts/${name}`)).toBe(sizeInBytes);
      expect([Math.min(...lines), Math.max(...lines)]).toEqual([smallestSeq, largestSeq]);
    }
  });

  it('is opened again with the same photos, with a checkpoint and without, and with every kind of wrong one', async () => {
    const first = await open(1);
    for (let from = 1; from <= 24_000; from += 2_000) await first.add(range(from, from + 1_999));
    await first.add([lineOf(24_001, 'x', 'rejected'), lineOf(24_002, 'x', 'failed')]);
    await first.close();
    const checkpoint = partPath('checkpoint-1.json');
    const right = await readFile(checkpoint, 'utf8');
    const look = async () => {
      const { covered, tally, infos } = await open(9);
      return { bitmap: covered.encode(), count: covered.count, tally, infos };
    };
    const expected = await look();
    expect(expected.count).toBe(24_002);
    expect(expected.tally).toMatchObject({ total: 24_002, deadLetters: 2, byCode: { 5: 2 } });

    const otherRun = right.replaceAll('runs/test', 'runs/else');
    const body = JSON.stringify({ ...JSON.parse(JSON.parse(right).body), parts: [] });
    for (const wrong of [
      '',
      '{}',
      'null',
      right.slice(0, right.length / 2),
      right.replace('total', 'totals'),
      otherRun,
      JSON.stringify({ sha256: JSON.parse(right).sha256, body }),
    ]) {
      await writeFile(checkpoint, wrong);
      expect(await look()).toEqual(expected);
    }
    await state.remove(`${runFolder}/parts/checkpoint-1.json`);
    expect(await look()).toEqual(expected);
  });

  it('ignores a checkpoint that is right in itself but belongs to another run', async () => {
    const first = await open(1);
    for (let from = 1; from <= 20_000; from += 5_000) await first.add(range(from, from + 4_999));
    await first.close();
    await cp(state.locate('runs/test'), state.locate('runs/else'), { recursive: true });
    await writeFile(
      state.locate('runs/else/parts/1-1.jsonl'),
      `${textOf(range(1, 3))}${' '.repeat(9_000_000)}`,
    );
    const { covered } = await openParts({ state, runFolder: 'runs/else', epoch: 2 });
    expect(covered.count).toBe(3);
  });

  it('ignores a checkpoint whose part has gone or shrunk: those photos are done again', async () => {
    const first = await open(1);
    for (let from = 1; from <= 20_000; from += 5_000) await first.add(range(from, from + 4_999));
    await first.close();
    await truncate(partPath('1-1.jsonl'), 10_000);
    const shrunk = await open(2);
    expect(shrunk.covered.count).toBeLessThan(50);
    await state.remove(`${runFolder}/parts/1-1.jsonl`);
    expect((await open(3)).covered.count).toBe(0);
  });

  it('reads on behind a checkpoint what a conductor wrote after it, or after it was believed dead', async () => {
    const first = await open(1);
    for (let from = 1; from <= 20_000; from += 5_000) await first.add(range(from, from + 4_999));
    await first.add([lineOf(20_001, 'after')]);
    await first.close();
    await appendFile(
      partPath('1-1.jsonl'),
      textOf([lineOf(20_002, 'late')]) + JSON.stringify(lineOf(20_003, 'torn')),
    );
    const second = await open(2);
    expect(second.covered.count).toBe(20_002);
    expect(second.covered.has(20_003)).toBe(false);
    expect(seqsOf(await second.add([lineOf(20_002, 'y'), lineOf(20_003, 'y')]))).toEqual([20_003]);
    await second.close();
  });

  it('does photos again whose line is damaged', async () => {
    const lines = fc.array(fc.record({ seq: fc.integer({ min: 1, max: 30 }), damage: fc.nat({ max: 6 }) }), {
      minLength: 1,
      maxLength: 30,
    });
    let number = 0;
    await fc.assert(
      fc.asyncProperty(lines, async (all) => {
        number += 1;
        const text = all
          .map(({ seq, damage }) => {
            const right = JSON.stringify(lineOf(seq, 'x'));
            const wrong = ['', '\u0000\u0000', right.slice(3), '[]', `${right}${right}`, '{"seq":1}'];
            return `${damage === 6 ? right : wrong[damage]}\n`;
          })
          .join('');
        await state.write(`runs/${number}/parts/1-1.jsonl`, text);
        const { covered } = await openParts({ state, runFolder: `runs/${number}`, epoch: 2 });
        const whole = new Set(all.filter(({ damage }) => damage === 6).map(({ seq }) => seq));
        expect(covered.count).toBe(whole.size);
        for (const { seq } of all) expect(covered.has(seq)).toBe(whole.has(seq));
      }),
      { numRuns: randomInputs(50) },
    );
  });

  it('knows the highest epoch of anything in its folder', async () => {
    expect(await highestEpoch(state, runFolder)).toBe(0);
    await state.write(`${runFolder}/parts/2-1.jsonl`, '');
    await state.write(`${runFolder}/parts/10-1.jsonl`, '');
    await state.write(`${runFolder}/parts/notes.txt`, '');
    expect(await highestEpoch(state, runFolder)).toBe(10);
    await state.write(`${runFolder}/parts/checkpoint-12.json`, '');
    expect(await highestEpoch(state, runFolder)).toBe(12);
  });

  it('never writes into a file that is there, even of its own epoch', async () => {
    const first = await open(4);
    await first.add([lineOf(1, 'a')]);
    await first.close();
    const second = await open(4);
    await second.add([lineOf(1, 'b'), lineOf(2, 'b')]);
    await second.close();
    expect((await readdir(partPath(''))).sort()).toEqual(['4-1.jsonl', '4-2.jsonl']);
    expect(second.covered.count).toBe(2);
  });

  it('is read as a report while the run goes on: one line a photo, the lowest epoch winning', async () => {
    await state.write(`${runFolder}/parts/10-1.jsonl`, textOf([lineOf(1, 'ten'), lineOf(2, 'ten')]));
    await state.write(`${runFolder}/parts/2-2.jsonl`, textOf([lineOf(3, 'two')]));
    await state.write(`${runFolder}/parts/2-10.jsonl`, textOf([lineOf(3, 'later'), lineOf(4, 'two')]));
    await state.write(`${runFolder}/parts/1-1.jsonl`, `${textOf([lineOf(2, 'one')])}{"torn`);
    const read: string[] = [];
    for await (const line of readReport(state, runFolder)) read.push(`${line.seq} ${line.transactionId}`);
    expect(read).toEqual(['2 one', '3 two', '4 two', '1 ten']);
  });
});
