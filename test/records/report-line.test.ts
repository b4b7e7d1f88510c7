import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReportCsv, toCsvRow } from '../../src/records/report/report-csv.ts';
import {
  buildReportLine,
  isDeadLetter,
  type ReportLine,
  reportLineSchema,
  statuses,
} from '../../src/records/report/report-line.ts';
import { parsePartLine } from '../../src/records/report/report-part.ts';
import { lineOf, outcomes } from './report-lines.ts';

/** As the documentation lists them. */
const fieldOrder = [
  ...['schema', 'run', 'seq', 'row', 'subjectId', 'photo', 'version', 'status', 'stored', 'reason', 'error'],
  ...['engine', 'templateId', 'templateIds', 'enrolledAt', 'transactionId', 'match', 'verification'],
  ...['attempts', 'calls', 'identifications', 'sizeInBytes', 'sha256', 'queuedAt'],
  ...['finishedAt', 'durationInMs', 'checks', 'quality', 'face', 'warnings', 'metadata'],
];

const facts = fc.record(
  {
    run: fc.string(),
    engine: fc.string(),
    seq: fc.integer({ min: 1 }),
    row: fc.nat(),
    subjectId: fc.string({ unit: 'grapheme' }),
    photo: fc.string(),
    version: fc.string(),
    templateId: fc.string(),
    sizeInBytes: fc.nat(),
    queuedAt: fc.string(),
    warnings: fc.array(fc.constantFrom('blurred' as const, 'other-folder' as const)),
    metadata: fc.dictionary(fc.stringMatching(/^[a-z]+$/), fc.string({ unit: 'grapheme' })),
  },
  { requiredKeys: ['run', 'engine', 'seq'] },
);

describe('a report line', () => {
  it('says all that is known in the documented order, leaves out what does not apply, and reads back as it was', () => {
    fc.assert(
      fc.property(facts, outcomes, (photo, outcome) => {
        const line = buildReportLine(photo, outcome);
        const keys = Object.keys(line);
        const { warnings = [], ...said } = outcome;
        const all = { schema: 'rollcall.report/1', ...photo, ...said };
        const isWarned = photo.warnings !== undefined || outcome.warnings !== undefined;
        expect(line).toEqual({
          ...all,
          ...(isWarned && { warnings: [...(photo.warnings ?? []), ...warnings] }),
        });
        expect(keys).toEqual(fieldOrder.filter((field) => keys.includes(field)));
        expect(Object.values(line)).not.toContain(undefined);
        const text = JSON.stringify(line);
        expect(text).not.toContain('\n');
        const read = parsePartLine(text);
        expect(read).toEqual(line);
        expect(Object.keys(read ?? {})).toEqual(keys);
      }),
    );
  });

  it('is read as its schema says, whatever has become of it', () => {
    const odd = fc.oneof(fc.jsonValue(), fc.constantFrom(0, -1, 1.5, 2 ** 60, '', 'enrolled'));
    const keys = fc.oneof(fc.constantFrom(...Object.keys(reportLineSchema.shape)), fc.constant('another'));
    fc.assert(
      fc.property(
        facts,
        outcomes,
        fc.array(fc.tuple(keys, odd), { maxLength: 3 }),
        (photo, outcome, changes) => {
          const text = JSON.stringify({ ...buildReportLine(photo, outcome), ...Object.fromEntries(changes) });
          const read = parsePartLine(text);
          const expected = reportLineSchema.safeParse(JSON.parse(text)).data;
          expect(read).toEqual(expected);
          expect(JSON.stringify(read)).toBe(JSON.stringify(expected));
        },
      ),
    );
  });

  it('says what was really sent where that differs from the list', () => {
    const photo = {
      run: 'r',
      engine: 'ooto',
      seq: 1,
      version: 'listed',
      sizeInBytes: 1,
      templateId: 'given',
    };
    const outcome = {
      status: 'enrolled',
      finishedAt: 'x',
      version: 'sent',
      sizeInBytes: 2,
      templateId: 'returned',
    } as const;
    expect(buildReportLine(photo, outcome)).toMatchObject({
      version: 'sent',
      sizeInBytes: 2,
      templateId: 'returned',
    });
    expect(buildReportLine(photo, { status: 'skipped', finishedAt: 'x' })).toMatchObject({
      version: 'listed',
      sizeInBytes: 1,
      templateId: 'given',
    });
  });

  it('is read from any text without throwing; what is no line of this schema is none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parsePartLine(text)).toBeUndefined();
      }),
    );
    const right = JSON.stringify(lineOf(3, 'x'));
    for (let length = 0; length < right.length; length += 1)
      expect(parsePartLine(right.slice(0, length))).toBeUndefined();
    expect(parsePartLine(right.replace('"seq":3', '"seq":0'))).toBeUndefined();
    expect(parsePartLine(right.replace('report/1', 'report/2'))).toBeUndefined();
    expect(parsePartLine(right.replace(/}$/, ',"warnings":[5]}'))).toBeUndefined();
    expect(reportLineSchema.safeParse(JSON.parse(right)).success).toBe(true);
  });

  it('waits for a person where it is rejected, failed or duplicate', () => {
    expect(statuses.filter((status) => isDeadLetter({ status }))).toEqual([
      'rejected',
      'failed',
      'duplicate',
    ]);
  });
});

describe('the report as CSV', () => {
  async function toCsv(lines: Parameters<typeof toCsvRow>[0][]): Promise<string> {
    const csv = createReportCsv();
    for (const line of lines) csv.write(toCsvRow(line));
    csv.end();
    return (await csv.toArray()).join('');
  }

  it('has a header and one row a line, with the error taken apart', async () => {
    const [header, row, end] = (await toCsv([lineOf(7, 'can not detect "face"', 'rejected')])).split('\n');
    expect(header).toMatch(/^seq,row,subjectId,photo,version,status,/);
    expect(row).toContain('7,,subject 7 é,,,rejected,');
    expect(row).toContain('rejected,5,,"can not detect ""face"""');
    expect(end).toBe('');
  });

  it('says of each line what it knows, and nothing that it does not', () => {
    const error = {
      kind: 'rejected',
      code: '5',
      message: 'no',
      httpStatus: 400,
      reasons: ['a', 'b'],
    } as const;
    const full: ReportLine = {
      ...lineOf(1, 'x', 'duplicate'),
      error: { ...error, reasons: [...error.reasons] },
      match: { templateId: 'T', similarity: 0.9 },
      verification: { matched: false, similarity: 0.3 },
      warnings: ['blurred', 'exif-rotated'],
    };
    expect(toCsvRow(full)).toMatchObject({
      ...{ seq: 1, status: 'duplicate', errorKind: 'rejected', errorCode: '5', errorMessage: 'no' },
      ...{ httpStatus: 400, errorReasons: 'a b', matchTemplateId: 'T', matchSimilarity: 0.9 },
      ...{ verified: 'false', verifiedSimilarity: 0.3, warnings: 'blurred exif-rotated' },
    });
    const unknown = [
      'errorKind',
      'errorCode',
      'errorMessage',
      'httpStatus',
      'errorReasons',
      'matchTemplateId',
    ];
    const bare = toCsvRow(lineOf(2, 'x'));
    for (const name of [...unknown, 'matchSimilarity', 'verified', 'verifiedSimilarity', 'warnings'])
      expect(bare[name]).toBeUndefined();
    expect(
      toCsvRow({ ...lineOf(2, 'x'), error: { kind: 'photo', message: '' } }).errorReasons,
    ).toBeUndefined();
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])('lets no spreadsheet run %j', async (formula) => {
    const line = { ...lineOf(1, 'x', 'failed'), subjectId: formula, photo: `${formula}.jpg` };
    const row = (await toCsv([line])).split('\n').slice(1).join('\n');
    expect(row).not.toMatch(/(^|,|")[=+@\-\t\r]/);
  });
});
