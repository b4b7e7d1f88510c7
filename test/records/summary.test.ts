import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildReportLine, isDeadLetter, statuses } from '../../src/records/report-line.ts';
import { addToTally, emptyTally, restoreTally } from '../../src/records/report-tally.ts';
import { createSummaryBuilder, summarySchema } from '../../src/records/summary.ts';
import { outcomes } from './report-lines.ts';

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
        expect(summary.retries).toBe(sum(lines.map((line) => Math.max(0, callsOf(line) - 1))));
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
