import { createHash } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mergeParts } from '../../src/records/report/merge-parts.ts';
import { isDeadLetter, type ReportLine } from '../../src/records/report/report-line.ts';
import { openParts } from '../../src/records/report/report-parts.ts';
import { sharedTemplate } from '../../src/records/report/shared-template.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { FaultError } from '../../src/util/errors.ts';
import { randomInputs } from '../helpers/long.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { lineOf, textOf } from './report-lines.ts';

describe('the merge', () => {
  let folder: TemporaryFolder;
  let state: StateStore;
  let number = 0;

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    state = createLocalStateStore(folder.path);
  });
  afterAll(() => folder.remove());

  const nextRun = () => `runs/${++number}`;

  async function merge(runFolder: string, count: number) {
    const lines: ReportLine[] = [];
    const sha256 = await mergeParts({
      state,
      runFolder,
      count,
      onLine: (line) => lines.push(line),
    });
    const report = await readFile(state.locate(`${runFolder}/report.jsonl`), 'utf8');
    const deadLetters = await readFile(state.locate(`${runFolder}/dead-letters.jsonl`), 'utf8');
    return { sha256, lines, report, deadLetters };
  }

  /** What was written, in the order of writing: by whom, into which of his parts, and whether the line came to its end. */
  const writes = fc.array(
    fc.record({
      seq: fc.integer({ min: 1, max: 25 }),
      epoch: fc.integer({ min: 1, max: 12 }),
      part: fc.integer({ min: 1, max: 11 }),
      status: fc.constantFrom('enrolled' as const, 'rejected' as const),
    }),
    { maxLength: 120 },
  );
  const torn = fc.dictionary(
    fc.constantFrom('1-1', '2-1', '3-2', '12-11'),
    fc.string({ minLength: 1, maxLength: 30 }),
  );

  it('amends lines by what later conductors found of their template ids, and their parts', async () => {
    const runFolder = nextRun();
    const answered = (seq: number, returned: string): ReportLine => ({
      ...lineOf(seq, 'x'),
      stored: 'yes',
      templateId: returned,
      templateIds: { sent: `t-${seq}`, returned },
      warnings: ['exif-rotated', 'template-id-differs'],
    });
    const lines = [answered(1, 'A'), answered(2, 'B'), answered(3, 'C'), lineOf(4, 'x')];
    const first = await openParts({ state, runFolder, epoch: 1 });
    await first.add(lines.slice(0, 3));
    await first.close();
    const second = await openParts({ state, runFolder, epoch: 2 });
    await second.add(lines.slice(3), [sharedTemplate('A', 'implausible'), sharedTemplate('B', 'shared')]);
    await second.close();
    // A newer part may say the same again, and less of it.
    const third = await openParts({ state, runFolder, epoch: 3 });
    expect(third.tally.shared).toBe(2);
    await third.add([lineOf(5, 'x')], [sharedTemplate('a', 'shared'), sharedTemplate('A', 'shared')]);
    await third.close();
    const merged = await merge(runFolder, 5);
    const [one, two, ...others] = merged.lines;
    expect(one).toMatchObject({
      status: 'failed',
      stored: 'unknown',
      templateId: 't-1',
      warnings: ['exif-rotated'],
    });
    expect(one?.error).toMatchObject({ kind: 'implausible', message: expect.stringContaining('template A') });
    expect(two).toMatchObject({
      status: 'enrolled',
      stored: 'unknown',
      warnings: ['exif-rotated', 'template-shared'],
    });
    expect(others).toEqual([lines[2], lines[3], lineOf(5, 'x')]);
    const written = merged.report.trim().split('\n');
    expect(written.map((text) => JSON.parse(text))).toEqual(merged.lines);
    expect(merged.deadLetters).toBe(`${written[0]}\n`);
  });

  it('gives one line a photo, in order, with the content of the lowest epoch, whoever wrote what and when', async () => {
    await fc.assert(
      fc.asyncProperty(
        writes,
        torn,
        fc.constantFrom(1, 2, 7, 10_000),
        async (all, halves, linesPerBucket) => {
          const runFolder = nextRun();
          const count = Math.max(1, ...all.map(({ seq }) => seq));
          const last = Array.from({ length: count }, (_, index) => ({
            seq: index + 1,
            epoch: 50,
            part: 1,
            status: 'enrolled' as const,
          }));
          const texts = all.concat(last).map((write, index) => ({
            ...write,
            line: lineOf(write.seq, `${write.epoch}-${write.part}-${index}`, write.status),
          }));
          for (const { epoch, part, line } of texts) {
            const path = state.locate(`${runFolder}/parts/${epoch}-${part}.jsonl`);
            await appendFile(path, textOf([line])).catch(async () => {
              await state.write(`${runFolder}/parts/${epoch}-${part}.jsonl`, textOf([line]));
            });
          }
          for (const [name, half] of Object.entries(halves)) {
            const path = `${runFolder}/parts/${name}.jsonl`;
            const before = (await state.read(path))?.toString() ?? '';
            await state.write(
              path,
              before + JSON.stringify(lineOf(1, 'torn')).slice(0, 20) + half.replaceAll('\n', ' '),
            );
          }
          const merged: ReportLine[] = [];
          const sha256 = await mergeParts({
            state,
            runFolder,
            count,
            linesPerBucket,
            onLine: (line) => merged.push(line),
          });

          const expected = Array.from({ length: count }, (_, index) => {
            const candidates = texts.filter(({ seq }) => seq === index + 1);
            const lowest = Math.min(...candidates.map(({ epoch }) => epoch));
            const own = candidates.filter(({ epoch }) => epoch === lowest);
            const part = Math.min(...own.map((each) => each.part));
            return own.find((each) => each.part === part)?.line;
          });
          expect(merged).toEqual(expected);
          const report = await readFile(state.locate(`${runFolder}/report.jsonl`));
          expect(report.toString()).toBe(textOf(merged));
          expect(sha256).toBe(createHash('sha256').update(report).digest('hex'));
          expect(await readFile(state.locate(`${runFolder}/dead-letters.jsonl`), 'utf8')).toBe(
            textOf(merged.filter(isDeadLetter)),
          );
        },
      ),
      { numRuns: randomInputs(25) },
    );
  });

  it('of nothing is an empty report', async () => {
    const { report, deadLetters, lines } = await merge(nextRun(), 0);
    expect([report, deadLetters, lines]).toEqual(['', '', []]);
  });

  it('leaves lines out that are beyond the list', async () => {
    const runFolder = nextRun();
    await state.write(
      `${runFolder}/parts/1-1.jsonl`,
      textOf([lineOf(3, 'x'), lineOf(2, 'x'), lineOf(1, 'x')]),
    );
    expect((await merge(runFolder, 2)).lines.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('names the photo that has no line, leaves the old report as it was, and the next start does it again', async () => {
    const runFolder = nextRun();
    const parts = await openParts({ state, runFolder, epoch: 1 });
    for (let from = 1; from <= 20_000; from += 5_000)
      await parts.add(Array.from({ length: 5_000 }, (_, index) => lineOf(from + index, 'x')));
    await parts.close();
    const before = await merge(runFolder, 20_000);
    // A disk that lost a line in the middle of what the checkpoint vouches for.
    const path = `${runFolder}/parts/1-1.jsonl`;
    const text = (await state.read(path))?.toString() ?? '';
    const lost = JSON.stringify(lineOf(777, 'x'));
    await state.write(path, text.replace(lost, ' '.repeat(Buffer.byteLength(lost))));
    const error = await merge(runFolder, 20_000).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(FaultError);
    expect(error.message).toMatch(/Photo 777 of .* has no line; start the run again/);
    expect((await state.read(`${runFolder}/report.jsonl`))?.toString()).toBe(before.report);
    expect((await state.list(runFolder)).map(({ name }) => name).sort()).toEqual([
      'dead-letters.jsonl',
      'parts',
      'report.jsonl',
    ]);

    const next = await openParts({ state, runFolder, epoch: 2 });
    expect(next.covered.has(777)).toBe(false);
    await next.add([lineOf(777, 'done again')]);
    await next.close();
    expect((await merge(runFolder, 20_000)).lines[776]?.transactionId).toBe('done again');
  });

  it('is done again after it was killed, with the same result', async () => {
    const runFolder = nextRun();
    await state.write(`${runFolder}/parts/1-1.jsonl`, textOf([lineOf(2, 'x', 'rejected'), lineOf(1, 'x')]));
    await state.write(`${runFolder}/report.jsonl.0123456789ab.tmp`, 'half of a report');
    const first = await merge(runFolder, 2);
    const second = await merge(runFolder, 2);
    expect(second).toEqual(first);
    expect((await state.list(runFolder)).map(({ name }) => name).sort()).toEqual([
      'dead-letters.jsonl',
      'parts',
      'report.jsonl',
    ]);
  });
});
