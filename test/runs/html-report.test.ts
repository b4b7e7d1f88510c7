import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PageData } from '../../src/records/page-data.ts';
import { mergeParts } from '../../src/records/report/merge-parts.ts';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import { createAggregatesFold, writeAggregates } from '../../src/records/report/run-aggregates.ts';
import { type RunRecord, runFolderOf } from '../../src/records/run-record.ts';
import { createSummaryBuilder } from '../../src/records/summary.ts';
import { htmlReport, inertJson } from '../../src/runs/report/html-report.ts';
import { pageDataOf } from '../../src/runs/report/page-data-of-run.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { lineOf, textOf } from '../records/report-lines.ts';

const page = '<!doctype html><p>page</p><script type="application/json" id="data"></script><p>end</p>';
const hostile = [
  '</script><script>alert(1)</script>',
  '<!--<script>',
  ']]>',
  '\u2028\u2029',
  '$& $1 $`',
  '\ud800',
];

let folder: TemporaryFolder;
let state: StateStore;
let built: string;

beforeAll(async () => {
  folder = await makeTemporaryFolder();
  state = createLocalStateStore(folder.path);
  built = join(folder.path, 'report.html');
  await writeFile(built, page);
});
afterAll(() => folder.remove());

const recordOf = (id: string) =>
  ({
    ...{ id, createdAt: '2026-11-22T01:00:00.000Z', updatedAt: '2026-11-22T02:00:00.000Z' },
    ...{ source: 'photos', engine: 'ooto', state: 'finished' },
    counts: { listed: 3, done: 3, deadLetters: 0, calls: 0 },
    settings: {},
  }) as RunRecord;

const dataOf = (record: RunRecord) => pageDataOf({ state, record, version: '0.1.0' });

/** A run that has come to its end. */
async function finished(id: string, lines: readonly ReportLine[]): Promise<RunRecord> {
  const runFolder = runFolderOf(id);
  await state.write(`${runFolder}/parts/1-1.jsonl`, textOf(lines));
  const fold = createAggregatesFold();
  const summary = createSummaryBuilder();
  const onLine = (line: ReportLine) => {
    fold.add(line);
    summary.add(line);
  };
  const reportSha256 = await mergeParts({ state, runFolder, count: lines.length, onLine });
  await writeAggregates(state, runFolder, fold.build(id));
  const end = summary.build({ run: id, state: 'finished', source: 'photos', engine: 'ooto', reportSha256 });
  await state.write(`${runFolder}/summary.json`, JSON.stringify(end));
  await state.remove(`${runFolder}/parts`);
  return recordOf(id);
}

describe('the page', () => {
  it('has its data as inert JSON, whatever stands in it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.array(fc.constantFrom(...hostile)), async (value, texts) => {
        const html = await htmlReport({ value, texts } as unknown as PageData, built);
        const [, json = ''] =
          /^<!doctype html><p>page<\/p><script type="application\/json" id="data">([^<\u2028\u2029]*)<\/script><p>end<\/p>$/.exec(
            html,
          ) ?? [];
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ value, texts })));
      }),
    );
  });

  it('that was not built is said', async () => {
    await expect(htmlReport({} as PageData, join(folder.path, 'none.html'))).rejects.toThrow(/npm run build/);
    await writeFile(join(folder.path, 'other.html'), '<p>');
    await expect(htmlReport({} as PageData, join(folder.path, 'other.html'))).rejects.toThrow(/no place/);
  });
});

describe('the data of a page', () => {
  const lines = [
    { ...lineOf(1, 'x'), quality: { yaw: 3 }, warnings: ['exif-rotated' as const] },
    lineOf(2, 'x', 'rejected'),
    { ...lineOf(3, 'x', 'duplicate'), error: undefined, match: { templateId: 't', similarity: 0.9 } },
  ];

  it('are those of the run, with what codes and warnings mean', async () => {
    const data = await dataOf(await finished('a', lines));
    expect(data.aggregates).toMatchObject({ lines: 3, deadLetters: 2, byCode: { 5: 1 } });
    expect(data.deadLetters.map(({ seq, code }) => [seq, code])).toEqual([
      [2, '5'],
      [3, 'duplicate'],
    ]);
    expect(data.meanings['5']).toEqual({
      text: 'can not detect face',
      helps: expect.stringContaining('whole face'),
    });
    expect(data.meanings.duplicate?.text).toContain('another id');
    expect(data.warningMeanings['exif-rotated']).toContain('upright');
    expect(data.summary?.total).toBe(3);
  });

  it('are made from the lines where the end of the run counted nothing, or something else', async () => {
    const runs = ['none', 'other', 'fewer-letters'];
    const found: PageData[] = [];
    for (const id of runs) {
      const record = await finished(id, lines);
      const path = runFolderOf(id);
      if (id === 'none') await state.remove(`${path}/aggregates.json`);
      if (id === 'other') await writeAggregates(state, path, createAggregatesFold().build(id));
      if (id === 'fewer-letters') await state.write(`${path}/dead-letters.jsonl`, textOf([]));
      found.push(await dataOf(record));
    }
    for (const { aggregates, deadLetters } of found) {
      expect(aggregates).toMatchObject({ lines: 3, deadLetters: 2 });
      expect(deadLetters.map(({ seq }) => seq)).toEqual([2, 3]);
    }
  });

  it('of a run under way are what it has done so far', async () => {
    await state.write('runs/open/parts/1-1.jsonl', textOf([lineOf(2, 'x', 'failed'), lineOf(1, 'x')]));
    const data = await dataOf({ ...recordOf('open'), state: 'active' });
    expect(data).not.toHaveProperty('summary');
    expect(data.aggregates).toMatchObject({ lines: 2, deadLetters: 1 });
    expect(data.deadLetters.map(({ seq }) => seq)).toEqual([2]);
  });

  it('know codes of which no dead letter is at hand', async () => {
    const cancelled = {
      ...lineOf(1, 'x', 'cancelled'),
      error: { kind: 'unavailable' as const, message: '' },
    };
    const { meanings } = await dataOf(await finished('kinds', [cancelled]));
    expect(meanings.unavailable?.text).toContain('no answer');
  });

  it('leave out dead letters for which there is no room, and count them', async () => {
    const long = (seq: number): ReportLine => ({
      ...lineOf(seq, 'm'.repeat(2_000), 'rejected'),
      photo: `${'p'.repeat(2_000)}${seq}`,
      subjectId: '<'.repeat(2_000),
    });
    const many = Array.from({ length: 4_000 }, (_, index) => long(index + 1));
    const data = await dataOf(await finished('long', many));
    expect(data.aggregates.deadLetters).toBe(4_000);
    expect(data.deadLetters.length).toBeLessThan(4_000);
    expect(Buffer.byteLength(inertJson(data))).toBeLessThan(4_600_000);
    expect(Buffer.byteLength(inertJson(data))).toBeGreaterThan(3_000_000);
  });
});
