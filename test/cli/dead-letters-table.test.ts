import { expect, it } from 'vitest';
import { deadLettersTable } from '../../src/cli/text/dead-letters-table.ts';
import { widthOf } from '../../src/cli/text/spans.ts';
import { groupOf } from '../../src/conductor/what-helps.ts';
import type { ReportLine } from '../../src/records/report/report-line.ts';

const lineOf = (seq: number, given: Partial<ReportLine>): ReportLine => ({
  ...{ schema: 'rollcall.report/1', run: 'run-1', seq, status: 'rejected', engine: 'ooto', finishedAt: '' },
  ...given,
});
const rejected = (code: string, message: string): Partial<ReportLine> => ({
  error: { kind: 'rejected', code, message },
});

async function textOf(letters: readonly ReportLine[], columns: number): Promise<string[]> {
  const rows: string[] = [];
  const given = (async function* () {
    yield* letters;
  })();
  for await (const spans of deadLettersTable(given, columns))
    rows.push(spans.map(({ text }) => text).join(''));
  return rows;
}

const letters = [
  lineOf(1, { ...rejected('5', 'can not detect face'), subjectId: 'emp-17', photo: 'emp-17.jpg' }),
  lineOf(12, {
    ...rejected('5', 'can not detect face'),
    subjectId: '田中',
    photo: `${'long/'.repeat(20)}x.jpg`,
  }),
  lineOf(113, { status: 'failed', error: { kind: 'unavailable', message: 'HTTP 503' }, photo: 'late.jpg' }),
  lineOf(114, {
    status: 'duplicate',
    match: { templateId: 't-1', similarity: 0.98 },
    subjectId: '\u001b[2J\n',
  }),
];

it('dead letters stand in columns, and each code is said with what it means and what helps', async () => {
  const expected = [
    /^SEQ {2}STATUS {5}CODE {9}SUBJECT {6}PHOTO {22}WHY$/,
    /^ {2}1 {2}rejected {3}5 {12}emp-17 {7}emp-17\.jpg {17}can not detect face$/,
    /^ 12 {2}rejected {3}5 {12}田中 {9}…\S*\/long\/x\.jpg {2}can not detect face$/,
    /^113 {2}failed {5}unavailable {15}late\.jpg {19}HTTP 503$/,
    /^114 {2}duplicate {15}\\u001b\[2J\\n {29}already enrolled as t-1 \(0\.98\)$/,
    /^$/,
    /^5: can not detect face, 2 photos$/,
    /^ {2}what helps: photos that show the whole face from the front, upright and well lit$/,
    /^$/,
    /^unavailable: the engine gave no answer that could be read, 1 photo$/,
    /^ {2}what helps: check that the engine runs/,
    /^$/,
    /^duplicate: the person is enrolled under another id, 1 photo$/,
    /^ {2}what helps: see whom they were taken for/,
  ];
  expect(await textOf(letters, 100)).toEqual(expected.map((row) => expect.stringMatching(row)));
});

it.each([60, 80, 200])('no row is wider than %i columns, however many there are', async (columns) => {
  const many = Array.from({ length: 450 }, (_, index) => ({
    ...(letters[index % 4] ?? lineOf(1, {})),
    seq: index * 1_000,
  }));
  const rows = await textOf(many, columns);
  const table = rows.slice(0, rows.indexOf(''));
  expect(table).toHaveLength(451);
  for (const row of table) expect(widthOf(row)).toBeLessThanOrEqual(columns);
});

it('of no dead letters there is no table', async () => {
  expect(await textOf([], 80)).toEqual([]);
});

it.each([
  ['ooto', '9', /too small/, /larger face/],
  ['ooto', '77', /does not have this code/, /ask the vendor/],
  ['verihubs', 'FAIL_ON_8', /face-count/, /the one person/],
  ['verihubs', 'FAIL_ON_5', /liveness, quality/, /ask the vendor/],
  ['verihubs', 'FACE_NOT_DETECTED', /face not detected/, /from the front/],
  ['somebody', 'constructor', /does not have this code/, /ask the vendor/],
])('code of %s: %s', (engine, code, meaning, remedy) => {
  const group = groupOf(lineOf(1, { engine, ...rejected(code, 'x') }));
  expect(group.name).toBe(code);
  expect(group.meaning).toMatch(meaning);
  expect(group.remedy).toMatch(remedy);
});
