import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mergeParts } from '../../src/records/report/merge-parts.ts';
import { readReport } from '../../src/records/report/read-report.ts';
import { buildReportLine, type ReportLine, statuses } from '../../src/records/report/report-line.ts';
import { createAggregatesFold } from '../../src/records/report/run-aggregates.ts';
import { createRunLines, type LinesQuery, type RunLines } from '../../src/runs/lines/run-lines.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { randomInputs } from '../helpers/long.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { lineOf, outcomes, textOf } from '../records/report-lines.ts';

let folder: TemporaryFolder;
let state: StateStore;
let number = 0;

beforeAll(async () => {
  folder = await makeTemporaryFolder();
  state = createLocalStateStore(folder.path);
});
afterAll(() => folder.remove());

const newRun = () => ({
  id: `run-${++number}`,
  counts: { listed: 0, done: 0, deadLetters: 0, calls: 0 },
});
type Run = ReturnType<typeof newRun>;

async function append({ id }: Run, part: string, lines: readonly ReportLine[] | string): Promise<void> {
  const path = state.locate(`runs/${id}/parts/${part}.jsonl`);
  await mkdir(dirname(path), { recursive: true });
  await appendFile(path, typeof lines === 'string' ? lines : textOf(lines));
}

/** As a run ends: merged, said to be whole, and its parts removed. */
async function end({ id }: Run, count: number): Promise<void> {
  await mergeParts({ state, runFolder: `runs/${id}`, count, onLine: () => {} });
  await state.write(`runs/${id}/summary.json`, '{}');
  await state.remove(`runs/${id}/parts`);
}

async function all(lines: RunLines, run: Run, query: Partial<LinesQuery>): Promise<ReportLine[]> {
  const found: ReportLine[] = [];
  let cursor: string | undefined;
  let looked = 0;
  do {
    const page = await lines.page(run, { limit: 3, ...query, cursor });
    expect(page.lines.length).toBeLessThanOrEqual(query.limit ?? 3);
    expect(page.looked).toBeGreaterThanOrEqual(looked);
    expect(page.looked).toBeLessThanOrEqual(page.total);
    looked = page.looked;
    found.push(...page.lines);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return found;
}

const sliceInMs = fc.constantFrom(0, 400);
const asked = fc.record(
  {
    statuses: fc.subarray([...statuses]),
    code: fc.constantFrom('5', 'FAIL_ON_2', '__proto__', 'rejected', 'photo', 'none'),
    text: fc.constantFrom('subject', 'SUBJECT 1', '"', '\\', 'é', 'hr', 'x', '\u2028'),
    limit: fc.integer({ min: 1, max: 9 }),
  },
  { requiredKeys: [] },
);
const texts = fc.constantFrom('subject 1', 'Subject "2"', 'é\\', 'x\u2028', 'other');
const reports = fc
  .array(fc.tuple(outcomes, texts, fc.option(texts, { nil: undefined })), { maxLength: 30 })
  .map((entries) =>
    entries.map(([outcome, subjectId, department], index) =>
      buildReportLine(
        {
          ...{ run: 'r', engine: 'ooto', seq: index + 1, subjectId, photo: `/${subjectId}.jpg` },
          ...(department !== undefined && { metadata: { department, status: '"status":"failed"' } }),
        },
        outcome,
      ),
    ),
  );

function naive(lines: readonly ReportLine[], { statuses: wanted, code, text = '' }: Partial<LinesQuery>) {
  const holds = (value: string | undefined) => value?.toLowerCase().includes(text.toLowerCase());
  return lines.filter(
    (line) =>
      (!wanted || wanted.includes(line.status)) &&
      (code === undefined || (line.error?.code ?? line.error?.kind) === code) &&
      (text === '' ||
        [
          line.subjectId,
          line.photo,
          line.error?.message,
          line.error?.code,
          line.templateId,
          line.transactionId,
          line.match?.templateId,
          ...Object.values(line.metadata ?? {}),
        ].some(holds)),
  );
}

describe('the lines of a run', () => {
  it('are those that fit, page by page, while it goes on and when it is over, however short a call is', async () => {
    await fc.assert(
      fc.asyncProperty(
        reports,
        fc.array(asked, { minLength: 1, maxLength: 3 }),
        sliceInMs,
        fc.infiniteStream(fc.nat()),
        async (lines, questions, slice, random) => {
          const run = newRun();
          const runLines = createRunLines(state, { sliceInMs: slice });
          const parts = ['1-1', '1-2', '2-1'];
          for (const line of lines) await append(run, parts[(random.next().value ?? 0) % 3] ?? '1-1', [line]);
          await append(run, '2-1', '{"schema":"rollcall.shared/1"}\n{"torn');
          for (const question of questions)
            expect(await all(runLines, run, question)).toEqual(naive(lines, question));
          await end(run, lines.length);
          for (const question of questions)
            expect(await all(runLines, run, question)).toEqual(naive(lines, question));
          for (const line of lines.slice(0, 3)) expect(await runLines.line(run, line.seq)).toEqual(line);
          expect(await runLines.line(run, lines.length + 1)).toBeUndefined();
        },
      ),
      { numRuns: randomInputs(40) },
    );
  });

  it('grow with the run; of two lines of a photo that of the lowest epoch counts, whenever it comes', async () => {
    const run = newRun();
    const runLines = createRunLines(state);
    const statusesOf = async () => (await all(runLines, run, {})).map(({ seq, status }) => [seq, status]);
    expect(await statusesOf()).toEqual([]);
    await append(run, '2-1', [lineOf(2, 'second', 'rejected')]);
    expect(await statusesOf()).toEqual([[2, 'rejected']]);
    await append(run, '2-1', [lineOf(1, 'second'), lineOf(2, 'again', 'failed')]);
    await append(run, '3-1', [lineOf(2, 'third', 'failed')]);
    expect(await statusesOf()).toEqual([
      [1, 'enrolled'],
      [2, 'rejected'],
    ]);
    await append(run, '1-1', [lineOf(2, 'first', 'duplicate')]);
    expect(await statusesOf()).toEqual([
      [1, 'enrolled'],
      [2, 'duplicate'],
    ]);
    expect((await runLines.line(run, 2))?.transactionId).toBe('first');
    expect(await all(runLines, run, { statuses: ['rejected'] })).toEqual([]);
  });

  it('are found where they are by then, if the run ends between two pages or in the midst of one', async () => {
    const run = newRun();
    const lines = Array.from({ length: 9 }, (_, index) => lineOf(index + 1, 'x'));
    await append(run, '1-1', lines);
    let afterRead = async () => {};
    const ending: StateStore = {
      ...state,
      async readRange(path, range) {
        await afterRead();
        return state.readRange(path, range);
      },
    };
    const runLines = createRunLines(ending);
    const first = await runLines.page(run, { limit: 4 });
    afterRead = async () => {
      afterRead = async () => {};
      await end(run, 9);
    };
    const second = await runLines.page(run, { limit: 4, cursor: first.next ?? '' });
    const third = await runLines.page(run, { limit: 4, cursor: second.next ?? '' });
    expect([...first.lines, ...second.lines, ...third.lines]).toEqual(lines);
    expect(third).toMatchObject({ next: null, looked: 9, total: 9 });
  });

  it('may have gaps, as those of --report changed have', async () => {
    const run = newRun();
    const lines = [lineOf(2, 'x'), lineOf(900, 'x', 'failed'), lineOf(5_000, 'x')];
    await state.write(`runs/${run.id}/report.jsonl`, textOf(lines));
    await state.write(`runs/${run.id}/summary.json`, '{}');
    const runLines = createRunLines(state, { sliceInMs: 0 });
    expect(await all(runLines, run, { limit: 1 })).toEqual(lines);
    expect(await all(runLines, run, { statuses: ['failed'] })).toEqual([lines[1]]);
    expect(await runLines.page(run, { limit: 1, cursor: 'no cursor' })).toMatchObject({ lines: [lines[0]] });
  });

  it('say what is wrong where they cannot be read', async () => {
    const run = newRun();
    await append(run, '1-1', [lineOf(1, 'x')]);
    const broken: StateStore = {
      ...state,
      readRange: async () => {
        throw new Error('the disk is away');
      },
    };
    await expect(createRunLines(broken).page(run, { limit: 5 })).rejects.toThrow('the disk is away');
  });

  it('give the aggregates of what there is so far, each photo once', async () => {
    const run = newRun();
    const runLines = createRunLines(state, { sliceInMs: 60_000 });
    await append(run, '1-1', [lineOf(1, 'x'), lineOf(2, 'x', 'rejected')]);
    expect((await runLines.aggregates(run)).lines).toBe(2);
    await append(run, '2-1', [lineOf(2, 'y', 'failed'), lineOf(3, 'y', 'failed')]);
    expect(await runLines.aggregates(run)).toMatchObject({ lines: 3, byStatus: { rejected: 1, failed: 1 } });
    await end(run, 3);
    const fold = createAggregatesFold();
    for await (const line of readReport(state, `runs/${run.id}`)) fold.add(line);
    expect(await runLines.aggregates(run)).toEqual(fold.build(run.id));
  });
});
