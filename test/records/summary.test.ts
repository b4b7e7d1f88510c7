import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildReportLine,
  isDeadLetter,
  type ReportLine,
  type Status,
  statuses,
} from '../../src/records/report/report-line.ts';
import { addToTally, emptyTally, restoreTally } from '../../src/records/report/report-tally.ts';
import {
  createSummaryBuilder,
  exitCodeOf,
  type SummaryInput,
  summarySchema,
} from '../../src/records/summary.ts';
import { lineOf, outcomes } from './report-lines.ts';

const facts = {
  run: 'r',
  state: 'finished',
  source: '/a',
  engine: 'ooto',
  reportSha256: 'x',
} as const;
const reports = fc
  .array(outcomes, { maxLength: 40 })
  .map((all) =>
    all.map((outcome, index) => buildReportLine({ run: 'r', engine: 'ooto', seq: index + 1 }, outcome)),
  );

describe('the summary', () => {
  it('is a recount of the lines', () => {
    fc.assert(
      fc.property(reports, (lines) => {
        const builder = createSummaryBuilder();
        for (const line of lines) builder.add(line);
        const summary = builder.build(facts);
        const callsOf = (line: (typeof lines)[number]) => line.calls ?? line.attempts ?? 0;
        const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
        expect(summary.total).toBe(lines.length);
        for (const status of statuses)
          expect(summary.byStatus[status]).toBe(lines.filter((line) => line.status === status).length);
        expect(summary.calls).toBe(sum(lines.map(callsOf)));
        const warned = (warning: string) =>
          lines.filter(({ warnings }) => warnings?.some((one) => one === warning));
        for (const warning of ['exif-rotated', 'changed-since-listing'])
          expect(summary.warnings[warning] ?? 0).toBe(warned(warning).length);
        const repeated = (line: (typeof lines)[number]) => callsOf(line) - (line.identifications ?? 0) - 1;
        expect(summary.retries).toBe(sum(lines.map((line) => Math.max(0, repeated(line)))));
        expect(summary.notEnrolled).toBe(
          lines.filter(({ status }) => status !== 'enrolled').length -
            lines.filter(({ reason }) => reason && ['unchanged', 'repeated', 'forgotten'].includes(reason))
              .length,
        );
        const starts = lines.flatMap(({ finishedAt, durationInMs }) =>
          durationInMs === undefined ? [] : [Date.parse(finishedAt) - durationInMs],
        );
        expect(summary.firstAt).toBe(
          starts.length > 0 ? new Date(Math.min(...starts)).toISOString() : undefined,
        );
        const ends = lines.map(({ finishedAt }) => finishedAt).sort();
        expect(summary.lastAt).toBe(ends.at(-1));
      }),
    );
  });

  it('counts codes that are the names of what every object has', () => {
    fc.assert(
      fc.property(reports, (lines) => {
        const tally = emptyTally();
        for (const line of lines) addToTally(tally, line);
        const codes = new Map<string, number>();
        for (const { error } of lines) {
          const code = error?.code ?? error?.kind;
          if (code !== undefined) codes.set(code, (codes.get(code) ?? 0) + 1);
        }
        expect(new Map(Object.entries(tally.byCode))).toEqual(codes);
        expect(tally.deadLetters).toBe(lines.filter(isDeadLetter).length);
      }),
    );
  });

  it('is written and read back', () => {
    const builder = createSummaryBuilder();
    builder.add(
      buildReportLine(
        { run: 'r', engine: 'ooto', seq: 1 },
        {
          status: 'rejected',
          finishedAt: '2026-11-22T01:02:03.000Z',
          error: { kind: 'rejected', code: 'constructor', message: '' },
        },
      ),
    );
    const summary = JSON.parse(JSON.stringify(builder.build(facts)));
    expect(summarySchema.parse(summary).byCode).toEqual({ constructor: 1 });
    const restored = restoreTally({ total: 1, byCode: { constructor: 1 } });
    addToTally(
      restored,
      buildReportLine(
        { run: 'r', engine: 'o', seq: 2 },
        { status: 'failed', finishedAt: 'x', error: { kind: 'rejected', code: 'toString', message: '' } },
      ),
    );
    expect(Object.entries(restored.byCode)).toEqual([
      ['constructor', 1],
      ['toString', 1],
    ]);
  });

  it('leaves out what a run without calls has not', () => {
    const summary = createSummaryBuilder().build(facts);
    expect(summary).toMatchObject({ total: 0, notEnrolled: 0, calls: 0, retries: 0 });
    expect(summary).not.toHaveProperty('achievedRate');
    expect(summary).not.toHaveProperty('firstAt');
  });
});

const summaryOf = (lines: readonly ReportLine[], more: Partial<SummaryInput> = {}) => {
  const builder = createSummaryBuilder();
  for (const line of lines) builder.add(line);
  return builder.build({ ...facts, ...more });
};

describe('the summary says', () => {
  const listed = { leftOut: 3, leftOutBy: { '.txt': 2, '#recycle/': 1 }, gaps: 1 };
  it.each<[string, Partial<SummaryInput>, object]>([
    ['what the list left out', { listed: { ...listed, at: 'then' } }, { ...listed, listedAt: 'then' }],
    ['nothing of a list of which nothing is known', { listed: { count: 1 } }, {}],
    ['that nothing was left out', { listed: { leftOut: 0, leftOutBy: {} } }, { leftOut: 0, leftOutBy: {} }],
    ['that nobody is missing', { missing: 0 }, { missing: 0 }],
    ['who is missing', { missing: 2 }, { missing: 2 }],
    ['what the report leaves out', { leftOutOfReport: 0 }, { leftOutOfReport: 0 }],
    [
      'whom the forget list names',
      { forgetList: { subjects: 2, unknown: 1 } },
      { forgetList: { subjects: 2, unknown: 1 } },
    ],
    ['that the source has changed', { isSourceChanged: true }, { warnings: { 'source-changed': 1 } }],
    ['that its inventory is overdue', { isOverdue: true }, { warnings: { 'inventory-overdue': 1 } }],
    ['that it was cancelled', { state: 'cancelled' }, { state: 'cancelled' }],
  ])('%s, and nothing that is not known', (_, given, expected) => {
    expect(summaryOf([], given)).toStrictEqual({ ...summaryOf([]), ...expected });
  });

  const enrolled = lineOf(1, 'x');
  const lineAt = (second: number, more: Partial<ReportLine> = {}): ReportLine => ({
    ...enrolled,
    finishedAt: new Date(Date.UTC(2026, 10, 22, 1, 0, second)).toISOString(),
    ...more,
  });
  const verified = (matched: boolean, similarity?: number): ReportLine => ({
    ...enrolled,
    verification: { matched, ...(similarity !== undefined && { similarity }) },
  });
  const saved: ReportLine = { ...lineOf(1, 'x', 'rejected'), error: { kind: 'preflight', message: '' } };
  const identified: ReportLine = { ...enrolled, calls: 4, identifications: 2 };
  const repeats = (count: number) =>
    Array.from(
      { length: count },
      (_, index): ReportLine => ({
        ...lineOf(index + 7, 'x', 'skipped'),
        ...{ subjectId: index % 2 === 0 ? 'Zoë' : 'Zoe\u0308', reason: 'repeated' },
      }),
    );
  it.each<[string, readonly ReportLine[], object]>([
    [
      'no calls that identified, where none did',
      [enrolled],
      { calls: 1, retries: 0, identifications: undefined },
    ],
    [
      'calls that identified, which are no retries',
      [identified, identified],
      { calls: 8, identifications: 4, retries: 2 },
    ],
    ['no call that was saved, where none was', [lineOf(1, 'x', 'rejected')], { savedCalls: undefined }],
    ['calls that the preflight saved', [saved, enrolled, saved], { savedCalls: 2 }],
    ['no verification, where there was none', [enrolled], { verification: undefined }],
    [
      'how many were found again, and how alike the least of them is',
      [verified(true, 0.9), enrolled, verified(true, 0.8), verified(false, 0.3), verified(true)],
      { verification: { photos: 4, matched: 3, share: 0.75, lowestSimilarity: 0.8 } },
    ],
    [
      'that none was found again',
      [verified(false, 0.3)],
      { verification: { photos: 1, matched: 0, share: 0 } },
    ],
    [
      'a share of four places',
      [1, 2, 3].map((one) => verified(one < 3, 1)),
      { verification: { photos: 3, matched: 2, share: 0.6667, lowestSimilarity: 1 } },
    ],
    [
      'never all of them where one is missing',
      Array.from({ length: 30_000 }, (_, index) => verified(index > 0, 1)),
      { verification: { photos: 30_000, matched: 29_999, share: 0.9999, lowestSimilarity: 1 } },
    ],
    [
      'the pace from the first start to the last end',
      [lineAt(11, { durationInMs: 1_000 }), lineAt(13), lineAt(12)],
      { calls: 3, achievedRate: 1 },
    ],
    ['the pace to two places', [lineAt(10, { durationInMs: 3_000 })], { achievedRate: 0.33 }],
    ['no pace of a moment', [lineAt(10, { durationInMs: 0 })], { achievedRate: undefined }],
    ['no pace of what never started', [lineAt(10, { durationInMs: undefined })], { achievedRate: undefined }],
    ['no id that was there a few times', repeats(9), { byReason: { repeated: 9 }, mostRepeated: undefined }],
    [
      'the id that was there again and again, by one of its lines',
      repeats(10),
      { mostRepeated: { photos: 11, seq: 7 } },
    ],
    ['reasons alone where there are some', [enrolled, ...repeats(1)], { byReason: { repeated: 1 } }],
    [
      'no id that is repeated by another reason',
      repeats(20).map((line) => ({ ...line, reason: 'unchanged' })),
      { mostRepeated: undefined },
    ],
  ])('%s', (_, lines, expected) => {
    const summary = summaryOf(lines);
    for (const [key, value] of Object.entries(expected)) {
      if (value === undefined) expect(summary).not.toHaveProperty(key);
      else expect(summary).toHaveProperty(key, value);
    }
  });
});

describe('the exit code', () => {
  const codeOf = (ends: readonly Status[], more: Partial<SummaryInput> = {}, allowEmpty = false) =>
    exitCodeOf(
      summaryOf(
        ends.map((status, index) => lineOf(index + 1, 'x', status)),
        more,
      ),
      { allowEmpty },
    );
  const isSourceChanged = true;
  it.each<[string, number, number]>([
    ['all is enrolled', codeOf(['enrolled', 'enrolled']), 0],
    ['the rest was skipped', codeOf(['enrolled', 'skipped']), 0],
    ...(['rejected', 'failed', 'duplicate'] as const).map((status): [string, number, number] => [
      `one of many is ${status}`,
      codeOf(['enrolled', status, 'skipped']),
      1,
    ]),
    ['its source has changed', codeOf(['enrolled'], { isSourceChanged }), 1],
    ['its source has changed and one is rejected', codeOf(['rejected'], { isSourceChanged }), 1],
    ['there was no photo', codeOf([]), 2],
    ['there was no photo, as is allowed', codeOf([], {}, true), 0],
    ['one is rejected where none need be there', codeOf(['rejected'], {}, true), 1],
    ['it was cancelled', codeOf(['enrolled', 'cancelled'], { state: 'cancelled' }), 3],
    ['it was cancelled with one rejected', codeOf(['rejected'], { state: 'cancelled' }), 3],
    ['it was cancelled before its first photo', codeOf([], { state: 'cancelled' }, true), 3],
  ])('of a run where %s is %i', (_, code, expected) => {
    expect(code).toBe(expected);
  });
});
