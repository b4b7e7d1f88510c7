import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { mergeParts } from '../../src/records/report/merge-parts.ts';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';
import { lineOf, textOf } from './report-lines.ts';

const runFolder = 'runs/r';
let state: StateStore;
eachTestHasState((made) => {
  state = made;
});

const write = (name: string, text: string) => state.write(`${runFolder}/parts/${name}`, text);
const textIn = async (name: string) => String(await state.read(`${runFolder}/${name}`));

async function merge(count: number, more: Partial<Parameters<typeof mergeParts>[0]> = {}) {
  const lines: ReportLine[] = [];
  const onLine = (line: ReportLine) => void lines.push(line);
  const sha256 = await mergeParts({ state, runFolder, count, onLine, ...more });
  return { sha256, lines, report: await textIn('report.jsonl'), dead: await textIn('dead-letters.jsonl') };
}

describe('the line of a photo', () => {
  const text = (by: string) => JSON.stringify(lineOf(1, by));
  const turned = (by: string) => JSON.stringify(Object.fromEntries(Object.entries(lineOf(1, by)).reverse()));
  const twice = text('damaged').replace('"engine"', '"seq":2,"engine"');

  it.each<[string, string, string]>([
    ['of the lowest epoch', `${text('first')}\n`, 'first'],
    ['that is written first', `${text('first')}\n${text('again')}\n`, 'first'],
    ['whose keys stand in another order', `${turned('first')}\n`, 'first'],
    ['that is whole, behind one that is damaged', `${text('x').slice(0, -9)}\n${text('again')}\n`, 'again'],
    ['of another epoch, where one is damaged', `${text('x').slice(0, -9)}\n`, 'second'],
    ['of another epoch, where one is of two photos', `${twice}\n`, 'second'],
    ['of another epoch, where one is torn', text('torn'), 'second'],
    ['of another epoch, where one is none', 'no line\n{"schema":"rollcall.shared-template/1"}\n', 'second'],
  ])('is the one %s', async (_, first, expected) => {
    await write('1-1.jsonl', first);
    await write('2-1.jsonl', `${text('second')}\n`);
    const { lines, report } = await merge(1);
    expect(lines.map(({ transactionId }) => transactionId)).toEqual([expected]);
    expect(JSON.parse(report)).toEqual(lines[0]);
  });

  it('is written as it was, to the byte', async () => {
    const own = `${text('x').slice(0, -1)} , "of-a-later-version":1}`;
    await write('1-1.jsonl', `${own}\n`);
    expect((await merge(1)).report).toBe(`${own}\n`);
  });

  it('may be left out of the report, and is told and a dead letter all the same', async () => {
    const lines = [lineOf(1, 'x', 'skipped'), lineOf(2, 'x', 'failed'), lineOf(3, 'x')];
    await write('1-1.jsonl', textOf(lines));
    const merged = await merge(3, { isLeftOut: ({ status }) => status !== 'enrolled' });
    expect(merged.lines).toEqual(lines);
    expect(merged.report).toBe(textOf(lines.slice(2)));
    expect(merged.dead).toBe(textOf(lines.slice(1, 2)));
  });
});

describe('a merge', () => {
  /** What is read of the parts, and what is written. */
  function watched() {
    const ranges: { path: string; offset: number | undefined; end: number | undefined }[] = [];
    const pieces: string[] = [];
    const on: StateStore = {
      ...state,
      readLines(path, options) {
        ranges.push({ path, offset: options?.offset, end: options?.end });
        return state.readLines(path, options);
      },
      async openWriter(path) {
        const writer = await state.openWriter(path);
        return { ...writer, write: (text) => writer.write(text).then(() => void pieces.push(text)) };
      },
    };
    return { on, ranges, pieces };
  }

  it('reads each part once, and of each bucket the place where its lines lie', async () => {
    const size = Buffer.byteLength(textOf([lineOf(1, 'x')]));
    const linesOf = (...seqs: readonly number[]) => seqs.map((seq) => lineOf(seq, 'x'));
    await write('1-1.jsonl', textOf(linesOf(2, 1, 4, 3)));
    await write('2-1.jsonl', textOf(linesOf(6, 5)));
    const { on, ranges } = watched();
    let buckets = 0;
    const afterBucket = async () => {
      buckets += 1;
    };
    await merge(6, { state: on, linesPerBucket: 2, afterBucket });
    const [first, second] = ['1-1.jsonl', '2-1.jsonl'].map((name) => `${runFolder}/parts/${name}`);
    expect(ranges).toEqual([
      { path: first, offset: undefined, end: undefined },
      { path: second, offset: undefined, end: undefined },
      { path: first, offset: 0, end: 2 * size },
      { path: first, offset: 2 * size, end: 4 * size },
      { path: second, offset: 0, end: 2 * size },
    ]);
    expect(buckets).toBe(3);
  });

  it('writes a long report in pieces, and says its hash', async () => {
    const lines = Array.from({ length: 3_000 }, (_, index) => lineOf(index + 1, 'x'.repeat(100)));
    await write('1-1.jsonl', textOf(lines));
    const { on, pieces } = watched();
    const { sha256, report } = await merge(3_000, { state: on });
    expect(report).toBe(textOf(lines));
    expect(sha256).toBe(createHash('sha256').update(report).digest('hex'));
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.length).toBeLessThan(8);
    for (const piece of pieces) expect(piece.length).toBeLessThan(300_000);
  });

  it('writes nothing where there is nothing', async () => {
    await write('1-1.jsonl', textOf([lineOf(1, 'x')]));
    const { on, pieces } = watched();
    expect((await merge(1, { state: on })).dead).toBe('');
    expect(pieces).toEqual([textOf([lineOf(1, 'x')])]);
  });

  it('that finds no line of a photo leaves no report, and no checkpoint that vouches for one', async () => {
    await write('1-1.jsonl', textOf([lineOf(1, 'x')]));
    await write('checkpoint-1.json', '{}');
    await expect(merge(2)).rejects.toThrow('Photo 2');
    expect((await state.list(runFolder)).map(({ name }) => name)).toEqual(['parts']);
    expect((await state.list(`${runFolder}/parts`)).map(({ name }) => name)).toEqual(['1-1.jsonl']);
  });
});
