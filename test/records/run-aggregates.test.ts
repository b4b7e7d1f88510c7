import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildReportLine,
  isDeadLetter,
  type ReportLine,
  statuses,
} from '../../src/records/report/report-line.ts';
import {
  aggregatesSchema,
  createAggregatesFold,
  readAggregates,
  writeAggregates,
} from '../../src/records/report/run-aggregates.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';
import { outcomes } from './report-lines.ts';

const measures = fc.record(
  {
    yaw: fc.integer({ min: -9_000_000, max: 9_000_000 }).map((number) => number / 1_000),
    blur: fc.record({
      score: fc.integer({ min: 0, max: 999 }).map((number) => number / 1_000),
      fine: fc.boolean(),
    }),
    exposure: fc.record({ value: fc.constantFrom(0, 0.25, 1e6, 1e300, Number.NaN, null) }),
    dark: fc.boolean(),
    note: fc.string(),
  },
  { requiredKeys: [] },
);
const reports = fc
  .array(fc.tuple(outcomes, fc.option(measures, { nil: undefined })), { maxLength: 60 })
  .map((all) =>
    all.map(([outcome, quality], index) =>
      buildReportLine(
        { run: 'r', engine: 'ooto', seq: index + 1, subjectId: `s${index}` },
        { ...outcome, ...(quality && { quality }) },
      ),
    ),
  );

function fold(lines: readonly ReportLine[]) {
  const aggregates = createAggregatesFold();
  for (const line of lines) aggregates.add(line);
  return aggregates.build('r');
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const callsOf = (line: ReportLine) => line.calls ?? line.attempts ?? 0;
const codeOf = ({ error }: ReportLine) => error?.code ?? error?.kind;
const line = (seq: number, more: Partial<ReportLine>): ReportLine => ({
  ...buildReportLine(
    { run: 'r', engine: 'ooto', seq },
    { status: 'enrolled', finishedAt: '2026-11-22T01:02:03.000Z' },
  ),
  ...more,
});

describe('the aggregates of a run', () => {
  it('are a recount of the lines, whatever they say', () => {
    fc.assert(
      fc.property(reports, (lines) => {
        const found = fold(lines);
        expect(found.lines).toBe(lines.length);
        expect(found.deadLetters).toBe(lines.filter(isDeadLetter).length);
        for (const status of statuses)
          expect(found.byStatus[status]).toBe(lines.filter((each) => each.status === status).length);
        const codes = new Set(lines.map(codeOf).filter((code) => code !== undefined));
        expect(new Set(Object.keys(found.byCode))).toEqual(codes);
        for (const code of codes)
          expect(found.byCode[code]).toBe(lines.filter((each) => codeOf(each) === code).length);
        for (const warning of ['exif-rotated', 'changed-since-listing'])
          expect(found.warnings[warning] ?? 0).toBe(
            lines.filter(({ warnings }) => warnings?.some((one) => one === warning)).length,
          );
        expect(sum(found.durations.counts)).toBe(
          lines.filter(({ durationInMs }) => durationInMs !== undefined).length,
        );
        const slow = lines.flatMap(({ seq, durationInMs }) =>
          durationInMs === undefined ? [] : [{ seq, durationInMs }],
        );
        slow.sort((a, b) => b.durationInMs - a.durationInMs || a.seq - b.seq);
        expect(found.slowest.map(({ seq }) => seq)).toEqual(slow.slice(0, 20).map(({ seq }) => seq));
      }),
    );
  });

  it('tell each line in the bucket of its time', () => {
    fc.assert(
      fc.property(reports, (lines) => {
        const { timeline } = fold(lines);
        const startAt = Date.parse(timeline.startAt ?? '') / 1000;
        const bucketOf = ({ finishedAt }: ReportLine) =>
          Math.floor((Date.parse(finishedAt) / 1000 - startAt) / timeline.bucketInSeconds);
        expect(timeline.calls.length).toBeLessThanOrEqual(600);
        for (const status of statuses) {
          const expected = timeline.calls.map(
            (_, bucket) => lines.filter((each) => each.status === status && bucketOf(each) === bucket).length,
          );
          expect(timeline.byStatus[status]).toEqual(expected);
        }
        expect(timeline.calls).toEqual(
          timeline.calls.map((_, bucket) =>
            sum(lines.filter((each) => bucketOf(each) === bucket).map(callsOf)),
          ),
        );
        for (const [code, counts] of Object.entries(timeline.byCode))
          expect(sum(counts)).toBe(lines.filter((each) => codeOf(each) === code).length);
      }),
    );
  });

  it('do not depend on the order of the lines', () => {
    fc.assert(
      fc.property(reports, (lines) => {
        const there = fold(lines);
        const back = fold([...lines].reverse());
        expect(back.timeline.calls).toEqual(there.timeline.calls);
        expect(back.timeline.byStatus).toEqual(there.timeline.byStatus);
        expect(back.quality).toEqual(there.quality);
        expect(back.slowest).toEqual(there.slowest);
      }),
    );
  });

  it('tell how what the engine measured is spread', () => {
    fc.assert(
      fc.property(reports, (lines) => {
        const { quality } = fold(lines);
        const said = lines.filter((each) => each.quality !== undefined);
        const yaws = said.map(({ quality: all }) => all?.yaw).filter((yaw) => typeof yaw === 'number');
        expect(quality).not.toHaveProperty('note');
        expect(Object.hasOwn(quality, 'yaw')).toBe(yaws.length > 0);
        if (!quality.yaw) return;
        const { bounds, counts, missing } = quality.yaw;
        expect(missing).toBe(said.length - yaws.length);
        expect(counts).toHaveLength(bounds.length + 1);
        expect(counts).toEqual(
          counts.map((_, at) => {
            const [from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY] = [
              bounds[at - 1],
              bounds[at],
            ];
            return yaws.filter((yaw) => yaw >= from && yaw < to).length;
          }),
        );
      }),
    );
  });

  it('stay small for an engine that has another code and another measure in each reply', () => {
    const fresh = (seq: number) =>
      line(seq, {
        status: 'rejected',
        error: { kind: 'rejected', code: `${seq} ${'x'.repeat(500)}`, message: '' },
        quality: { [`measure ${seq}`]: seq * 1e9, blur: { score: seq % 2 } },
        durationInMs: seq,
        photo: 'p'.repeat(100_000),
        finishedAt: new Date(seq * 1e9).toISOString(),
      });
    const found = fold(Array.from({ length: 600 }, (_, index) => fresh(index + 1)));
    expect(Object.keys(found.byCode)).toHaveLength(201);
    expect(found.byCode['(other)']).toBe(400);
    expect(sum(Object.values(found.byCode))).toBe(600);
    expect(Object.keys(found.quality)).toHaveLength(50);
    expect(found.quality.blur?.missing).toBe(0);
    expect(JSON.stringify(found).length).toBeLessThan(200_000);
    expect(aggregatesSchema.parse(JSON.parse(JSON.stringify(found)))).toEqual(found);
  });

  it('tell how long photos took, by bounds that belong to the bucket above them', () => {
    const took = [0, 9, 10, 19, 20, 299_999, 300_000, 10_000_000];
    const { durations } = fold(took.map((durationInMs, index) => line(index + 1, { durationInMs })));
    expect(durations.counts).toHaveLength(durations.bounds.length + 1);
    expect([durations.counts.slice(0, 3), durations.counts.slice(-2)]).toEqual([
      [2, 2, 1],
      [1, 2],
    ]);
    expect(durations.bounds.slice(0, 2)).toEqual([10, 20]);
  });

  it('say of the slowest photos which they are, without texts of any length', () => {
    const { slowest } = fold([
      line(1, { durationInMs: 5, subjectId: 's', photo: 'p' }),
      line(2, {
        durationInMs: 6,
        status: 'rejected',
        subjectId: 's'.repeat(2_000),
        photo: 'p'.repeat(2_000),
      }),
    ]);
    expect(slowest).toEqual([
      {
        ...{ seq: 2, status: 'rejected', durationInMs: 6 },
        ...{ subjectId: 's'.repeat(1_000), photo: 'p'.repeat(1_000) },
      },
      { seq: 1, status: 'enrolled', durationInMs: 5, subjectId: 's', photo: 'p' },
    ]);
  });

  it('count reasons, and a warning that a line has twice once', () => {
    const found = fold([
      line(1, { status: 'skipped', reason: 'repeated', warnings: ['exif-rotated', 'exif-rotated'] }),
      line(2, { status: 'skipped', reason: 'repeated' }),
      line(3, { status: 'skipped', reason: 'unchanged', warnings: ['exif-rotated'] }),
    ]);
    expect(found.byReason).toEqual({ repeated: 2, unchanged: 1 });
    expect(found.warnings).toEqual({ 'exif-rotated': 2 });
  });

  it('tell over time of the eight most frequent codes', () => {
    const all = Array.from({ length: 10 }, (_, code) =>
      Array.from({ length: code + 1 }, () => `code ${code}`),
    );
    const found = fold(
      all
        .flat()
        .map((code, index) =>
          line(index + 1, { status: 'rejected', error: { kind: 'rejected', code, message: '' } }),
        ),
    );
    expect(found.timeline.byCode).toEqual(
      Object.fromEntries([9, 8, 7, 6, 5, 4, 3, 2].map((code) => [`code ${code}`, [code + 1]])),
    );
    expect(Object.keys(found.byCode)).toHaveLength(10);
  });

  it('count codes together that differ beyond the length of a name', () => {
    const long = ['a', 'b'].map((end, index) =>
      line(index + 1, {
        status: 'rejected',
        error: { kind: 'rejected', code: 'x'.repeat(100) + end, message: '' },
      }),
    );
    expect(fold(long).byCode).toEqual({ ['x'.repeat(100)]: 2 });
  });

  it('count codes that are the names of what every object has', () => {
    const named = ['constructor', 'toString', '__proto__', 'constructor'].map((code, index) =>
      line(index + 1, { status: 'rejected', error: { kind: 'rejected', code, message: '' } }),
    );
    expect(Object.entries(fold(named).byCode)).toEqual([
      ['constructor', 2],
      ['toString', 1],
      ['__proto__', 1],
    ]);
  });

  it('have no times where there are none', () => {
    const empty = fold([]);
    expect(empty.timeline).toMatchObject({ startAt: null, calls: [] });
    const undated = fold([line(1, { finishedAt: 'once' })]);
    expect(undated.timeline.startAt).toBeNull();
    expect(undated.byStatus.enrolled).toBe(1);
    expect(aggregatesSchema.parse(empty)).toEqual(empty);
  });

  it('are written and read back; a damaged file is none', async () => {
    const folder = await makeTemporaryFolder();
    const state = createLocalStateStore(folder.path);
    expect(await readAggregates(state, 'runs/r')).toBeUndefined();
    const written = fold([line(1, { quality: { yaw: -3 }, durationInMs: 5 })]);
    await writeAggregates(state, 'runs/r', written);
    expect(await readAggregates(state, 'runs/r')).toEqual(written);
    await state.write('runs/r/aggregates.json', '{"schema":"rollcall.aggregates/2"}');
    expect(await readAggregates(state, 'runs/r')).toBeUndefined();
    await folder.remove();
  });
});
