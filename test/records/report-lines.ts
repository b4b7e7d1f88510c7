import fc from 'fast-check';
import {
  type Outcome,
  type ReportLine,
  reportSchemaName,
  statuses,
} from '../../src/records/report/report-line.ts';

const time = fc
  .integer({ min: 0, max: 10_000_000 })
  .map((ms) => new Date(1_700_000_000_000 + ms).toISOString());

/** Outcomes as a worker may return them, and then some. */
export const outcomes: fc.Arbitrary<Outcome> = fc.record(
  {
    status: fc.constantFrom(...statuses),
    finishedAt: time,
    stored: fc.constantFrom('yes', 'no', 'unknown'),
    reason: fc.constantFrom('unchanged', 'repeated', 'forgotten', 'rejected-before'),
    error: fc.record(
      {
        kind: fc.constantFrom('rejected', 'unavailable', 'photo', 'crashed'),
        message: fc.string({ unit: 'grapheme' }),
        code: fc.constantFrom('5', 'FAIL_ON_2', 'constructor', '__proto__', 'toString', ''),
        httpStatus: fc.integer({ min: 100, max: 599 }),
        reasons: fc.array(fc.string()),
      },
      { requiredKeys: ['kind', 'message'] },
    ),
    templateId: fc.uuid(),
    templateIds: fc.record({ sent: fc.uuid(), returned: fc.uuid() }),
    enrolledAt: time,
    transactionId: fc.string(),
    match: fc.record({ templateId: fc.uuid(), similarity: fc.constantFrom(0, 0.5, 1) }),
    verification: fc.record(
      { matched: fc.boolean(), similarity: fc.constantFrom(0, 0.5, 1), templateId: fc.uuid() },
      { requiredKeys: ['matched'] },
    ),
    attempts: fc.nat({ max: 9 }),
    calls: fc.nat({ max: 20 }),
    identifications: fc.nat({ max: 3 }),
    version: fc.string(),
    sizeInBytes: fc.nat(),
    sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
    checks: fc.dictionary(
      fc.constantFrom('liveness', 'deepfake'),
      fc.record({ score: fc.constantFrom(null, 0.5), fine: fc.constantFrom(null, true, false) }),
      { noNullPrototype: true },
    ),
    quality: fc.constantFrom({}, { blur: 0.5 }),
    face: fc.constantFrom({}, { yaw: 3 }),
    durationInMs: fc.nat({ max: 600_000 }),
    warnings: fc.array(fc.constantFrom('exif-rotated', 'changed-since-listing')),
  },
  { requiredKeys: ['status', 'finishedAt'] },
) as fc.Arbitrary<Outcome>;

/** A small line whose message says which conductor wrote it. */
export function lineOf(
  seq: number,
  writtenBy: string,
  status: ReportLine['status'] = 'enrolled',
): ReportLine {
  return {
    schema: reportSchemaName,
    run: 'test',
    seq,
    subjectId: `subject ${seq} é`,
    status,
    ...(status !== 'enrolled' && { error: { kind: 'rejected', code: '5', message: writtenBy } }),
    engine: 'ooto',
    transactionId: writtenBy,
    attempts: 1,
    finishedAt: '2026-11-22T01:02:03.000Z',
    durationInMs: 10,
  };
}

export const textOf = (lines: readonly ReportLine[]) =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join('');
