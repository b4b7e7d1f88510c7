import { text } from 'node:stream/consumers';
import { parse } from 'csv-parse/sync';
import { expect, it } from 'vitest';
import type { Decision } from '../../src/records/decisions/decision.ts';
import { createDecisionsCsv, toDecisionRow } from '../../src/records/decisions/decisions-csv.ts';
import { buildReportLine, type ReportLine } from '../../src/records/report/report-line.ts';

const line: ReportLine = buildReportLine(
  { run: 'r', engine: 'ooto', seq: 7, subjectId: '=1+1', photo: 'a/b.jpg' },
  {
    status: 'rejected',
    error: { kind: 'rejected', code: 'no-face', message: 'no, face' },
    finishedAt: '2026-11-22T01:02:03.000Z',
  },
);
const decision: Decision = {
  schema: 'rollcall.decision/1',
  seq: 7,
  action: 'leave-out',
  reason: 'left',
  by: 'ann',
  at: '2026-11-22T01:02:04.000Z',
};

async function rowsOf(decided: Decision | undefined): Promise<Record<string, string>[]> {
  const csv = createDecisionsCsv();
  csv.end(toDecisionRow(line, decided));
  return parse(await text(csv), { columns: true });
}

it('what is to be filled in comes first and is empty, also of a photo that was decided of', async () => {
  for (const decided of [undefined, decision]) {
    const [row = {}] = await rowsOf(decided);
    expect(Object.entries(row).slice(0, 6)).toEqual([
      ['seq', '7'],
      ['action', ''],
      ['reason', ''],
      ['file', ''],
      ['rotate', ''],
      ['crop', ''],
    ]);
  }
});

it('each row says what is wrong with the photo, and what was decided of it by whom', async () => {
  // A spreadsheet would run the subject's id as a formula.
  const wrong = {
    subjectId: "'=1+1",
    photo: 'a/b.jpg',
    status: 'rejected',
    errorKind: 'rejected',
    errorCode: 'no-face',
    errorMessage: 'no, face',
  };
  expect(await rowsOf(decision)).toMatchObject([
    { ...wrong, decided: 'leave-out', decidedReason: 'left', by: 'ann', at: '2026-11-22T01:02:04.000Z' },
  ]);
  expect(await rowsOf(undefined)).toMatchObject([
    { ...wrong, decided: '', decidedReason: '', by: '', at: '' },
  ]);
});

it('a photo of which nobody said what is wrong has a row, too', () => {
  const { error: _, ...rest } = line;
  expect(toDecisionRow(rest, undefined)).toMatchObject({
    seq: 7,
    errorKind: undefined,
    errorMessage: undefined,
  });
});

it('has a header where there are no dead letters', async () => {
  const csv = createDecisionsCsv();
  csv.end();
  expect((await text(csv)).split(',').slice(0, 3)).toEqual(['seq', 'action', 'reason']);
});
