import { describe, expect, it } from 'vitest';
import { createFailureWatch } from '../../src/conductor/failure-watch.ts';
import { jobToRepeat } from '../../src/conductor/photo-job.ts';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import { makeJob } from '../queue/photo-jobs.ts';
import { lineOf } from '../records/report-lines.ts';

type LineError = NonNullable<ReportLine['error']>;

const rejected = (code: string, message: string): LineError => ({ kind: 'rejected', code, message });

describe('why too many photos failed', () => {
  it.each([
    [
      'one code',
      Array<LineError>(4).fill(rejected('5', 'can not detect face')),
      /^4 dead letters, all of them code 5: can not detect face\. What helps: look at some/,
    ],
    [
      'the most frequent of several',
      [
        rejected('6', 'several'),
        rejected('5', 'no face.'),
        rejected('5', 'no face.'),
        rejected('9', 'small'),
      ],
      /, most of them \(2\) code 5: no face\. What helps: /,
    ],
    [
      'photos that cannot be read',
      Array<LineError>(4).fill({ kind: 'photo', message: 'photo "a.jpg" is not there' }),
      /all of them photo: photo "a.jpg" is not there\. What helps: check that the files are there/,
    ],
    [
      'calls without an answer',
      Array<LineError>(4).fill({ kind: 'unavailable', message: 'HTTP 503' }),
      /What helps: check that the engine runs/,
    ],
    [
      'rows of a list',
      Array<LineError>(4).fill({ kind: 'manifest', message: 'row 3: no id' }),
      /What helps: correct the list/,
    ],
    [
      'ids that collide',
      Array<LineError>(4).fill({ kind: 'collision', message: 'a' }),
      /What helps: .*--id-from/,
    ],
    [
      'what the newest of them says, of which the beginning is enough',
      [rejected('5', 'small'), rejected('5', 'x'.repeat(300))],
      new RegExp(`code 5: ${'x'.repeat(200)}\\. What helps`),
    ],
    [
      'a failure without a code by its kind',
      [rejected('5', 'a'), ...Array<LineError>(2).fill({ kind: 'photo', message: 'c' })],
      /most of them \(2\) photo: c\./,
    ],
    ['a code like a property', Array<LineError>(4).fill(rejected('__proto__', 'x')), /code __proto__: x/],
  ])('names %s and what helps', (_, errors, expected) => {
    const lines = errors.map((error, index) => ({ ...lineOf(index + 1, 'x', 'failed'), error }));
    expect(createFailureWatch({ count: errors.length }).add(lines)).toMatch(expected);
  });

  it('names duplicates, which have no error', () => {
    const lines = [1, 2].map((seq) => {
      const { error: _, ...line } = lineOf(seq, 'x', 'duplicate');
      return line;
    });
    expect(createFailureWatch({ count: 2 }).add(lines)).toMatch(/all of them duplicate\. .*--threshold/);
  });
});

describe('how many photos may fail', () => {
  const failed = (seq: number) => ({ ...lineOf(seq, 'x', 'failed'), error: rejected('5', 'no face') });
  const linesOf = (count: number, failing: (seq: number) => boolean) =>
    Array.from({ length: count }, (_, index) =>
      failing(index + 1) ? failed(index + 1) : lineOf(index + 1, 'x', 'enrolled'),
    );

  it('is a share of the last thousand, once there are as many', () => {
    const tenth = (seq: number) => seq % 10 === 0;
    expect(createFailureWatch({ share: 0.1 }).add(linesOf(999, () => true))).toBeUndefined();
    expect(createFailureWatch({ share: 0.1 }).add(linesOf(1_000, tenth))).toMatch(
      /^100 of the last 1000 photos became dead letters, all of them code 5/,
    );
    const fewer = createFailureWatch({ share: 0.1 });
    expect(fewer.add(linesOf(1_000, (seq) => tenth(seq) && seq > 10))).toBeUndefined();
    // Of those that came first nothing counts any more.
    const later = createFailureWatch({ share: 0.1 });
    expect(later.add(linesOf(5_000, (seq) => seq <= 99))).toBeUndefined();
    expect(later.add(linesOf(99, () => true))).toBeUndefined();
    expect(later.add(linesOf(1, () => true))).toContain('100 of the last 1000');
  });

  it('is a count from the start on, to which what was not tried adds nothing', () => {
    const watch = createFailureWatch({ count: 2 });
    const untried = (['skipped', 'cancelled'] as const).map((status) => ({
      ...lineOf(1, 'x', status),
      error: rejected('5', 'no face'),
    }));
    expect(watch.add([failed(1), ...untried, ...untried])).toBeUndefined();
    expect(watch.add(linesOf(3_000, () => false))).toBeUndefined();
    expect(watch.add([failed(2)])).toMatch(/^2 dead letters/);
    // The photos before are no part of a share either.
    const share = createFailureWatch({ share: 1 });
    const all = linesOf(999, () => true);
    expect(share.add([...all, ...untried])).toBeUndefined();
    expect(share.add([failed(1_000)])).toMatch(/^1000 of the last 1000/);
  });
});

describe('a job whose outcome could not be stored', () => {
  const failed = (failedReason: string) => {
    const { id, data } = makeJob(3);
    return jobToRepeat({ id, jobId: id, data, state: 'failed', returnValue: null, failedReason });
  };

  it('is queued again under its id, with what the engine holds unknown', () => {
    const again = failed('could not extend file "base/5/2": No space left on device');
    expect(again).toMatchObject({ id: makeJob(3).id, data: { seq: 3, tries: { storedUnknown: true } } });
  });

  it.each(['job stalled more than allowable limit', 'x is not a function'])('is over: %s', (reason) => {
    expect(failed(reason)).toBeUndefined();
  });
});
