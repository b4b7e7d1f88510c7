import { describe, expect, it } from 'vitest';
import type { RateLimiterSnapshot } from '../../src/account/rate-limiter.ts';
import { progressRecord } from '../../src/cli/terminal/progress.ts';
import { type ProgressView, progressLines, progressText } from '../../src/cli/terminal/progress-lines.ts';
import { widthOf } from '../../src/cli/text/spans.ts';
import type { RunProgress } from '../../src/conductor/conducting.ts';
import { meaningOfCode } from '../../src/engines/registry.ts';
import { judgeCanary } from '../../src/records/canary.ts';
import { progressSchema } from '../../src/records/progress.ts';
import { restoreTally } from '../../src/records/report/report-tally.ts';

const open: RateLimiterSnapshot = {
  ...{ ratePerSecond: 50, achievedPerSecond: 49.84, heldByConcurrency: false, inFlight: 12, state: 'open' },
};
const going: RunProgress = {
  ...{ listed: 20_000, listingEnded: true, done: 12_345, deadLetters: 0, retries: 0, calls: 12_345 },
  ...{ byStatus: { enrolled: 12_345 }, byCode: {} },
};

function viewOf({
  limiter = {},
  ...given
}: Partial<RunProgress> & {
  limiter?: Partial<RateLimiterSnapshot>;
  view?: Partial<ProgressView>;
} = {}): ProgressView {
  const { view, ...progress } = given;
  return {
    progress: { ...going, ...progress },
    limiter: { ...open, ...limiter },
    donePerSecond: 49.9,
    callsPerSecond: 49.84,
    elapsedInMs: 252_000,
    now: new Date(2026, 10, 28, 17, 40, 0),
    silentForInMs: 300,
    meaningOf: (code) => meaningOfCode({ engine: 'ooto', code }),
    ...view,
  };
}

const textsOf = (view: ProgressView, columns: number) =>
  progressLines(view, columns).map((spans) => spans.map(({ text }) => text).join(''));

const down: Partial<RateLimiterSnapshot> = {
  state: 'down',
  message:
    'The engine does not answer (last: connect ECONNREFUSED 127.0.0.1:8787); the next try is in 13 s. Photos keep their attempts.',
  brief: 'The engine does not answer; the next try is in 13 s',
  cause: 'connect ECONNREFUSED 127.0.0.1:8787',
};
const failed: Partial<RunProgress> = {
  deadLetters: 14,
  byStatus: { enrolled: 12_331, rejected: 11, failed: 1, duplicate: 2 },
  byCode: { 5: 8, 6: 3, unavailable: 1 },
};

describe('the first line', () => {
  it.each([
    [
      119,
      '━━━━━━━━━━━━━━━━━━──────────── 12345 of 20000 (61 %)  49.8 of 50/s  4m12s so far  done at 17:42, 2m33s left',
    ],
    [79, '━━━━━━━━━━━━━───────── 12345/20000 61%  49.8 of 50/s  4m12s  17:42, 2m33s left'],
    [59, '━━━━━━──── 12345/20000 61% 49.8 of 50/s 4m12s 17:42 (2m33s)'],
  ])('at %i columns', (columns, expected) => {
    const [first = ''] = textsOf(viewOf(), columns);
    expect(first.replaceAll(/\s+/g, ' ')).toBe(expected.replaceAll(/\s+/g, ' '));
  });

  it.each([
    [
      'while the list grows',
      viewOf({ listingEnded: false }),
      /^─+ +12345 of 20000, listing .* not before 17:42, at least 2m33s left$/,
    ],
    ['tomorrow', viewOf({ listed: 3_000_000 }), /done at Sun 10:1\d, 16h3\dm left$/],
    ['next year', viewOf({ listed: 300_000_000 }), /done at 2027-0\d-\d\d, 16\d\dh\d\dm left$/],
    ['where nothing moves', viewOf({ view: { donePerSecond: 0 } }), /4m12s so far$/],
    ['at its end', viewOf({ done: 20_000 }), /^━+ {2}20000 of 20000 \(100 %\) /],
    ['a moment before', viewOf({ done: 19_999 }), /^━+─ {2}19999 of 20000 \(99 %\) /],
    ['of nothing', viewOf({ listed: 0, done: 0 }), /^━+ {2}0 of 0 \(100 %\) .* so far$/],
    [
      'a pace of less than one',
      viewOf({ limiter: { ratePerSecond: 0.5, achievedPerSecond: 0.42 }, view: { callsPerSecond: 0.42 } }),
      / 0\.4 of 0\.5\/s /,
    ],
  ])('%s', (_name, view, expected) => {
    expect(textsOf(view, 119)[0]).toMatch(expected);
  });
});

describe('the second line says what matters now', () => {
  it.each([
    ['nothing', viewOf(), 119, 'no dead letters, no retries'],
    ['a retry', viewOf({ retries: 1 }), 59, '1 retry'],
    ['concurrency', viewOf({ limiter: { heldByConcurrency: true } }), 59, 'limited by --concurrency'],
    [
      'one failure',
      viewOf({ deadLetters: 1, byCode: { 5: 1 }, retries: 2 }),
      79,
      '1 dead letter: 1 x 5 (can not detect face)  2 retries',
    ],
    [
      'failures by their most frequent code',
      viewOf({ ...failed, retries: 120 }),
      119,
      '14 dead letters: 8 x 5 (can not detect face), 3 x 6 (more than one face detected on photo), 2 x duplicate, …',
    ],
    ['the same', viewOf(failed), 79, '14 dead letters: 8 x 5 (can not detect face), …'],
    ['the same', viewOf(failed), 40, '14 dead letters: 8 x 5, 3 x 6, …'],
    [
      'duplicates alone',
      viewOf({ deadLetters: 2, byStatus: { duplicate: 2 } }),
      59,
      '2 dead letters: 2 x duplicate',
    ],
    [
      'failures that another process knows more of',
      viewOf({ deadLetters: 2, byStatus: {} }),
      59,
      '2 dead letters',
    ],
    [
      'why it waits, before failures',
      viewOf({ ...failed, limiter: down }),
      59,
      'The engine does not answer; the next try is in 13 s',
    ],
    [
      'with its cause',
      viewOf({ limiter: down }),
      79,
      'The engine does not answer; the next try is in 13 s (connect ECONNREFUSED 127.…',
    ],
    ['in full', viewOf({ limiter: down }), 130, down.message],
    ['throttled', viewOf({ limiter: { message: 'long', brief: 'short' } }), 59, 'long'],
    [
      'silence',
      viewOf({ ...failed, view: { silentForInMs: 12_000 } }),
      59,
      'Queue or state do not answer for 12s; trying again',
    ],
    [
      'what a terminal would obey',
      viewOf({ limiter: { message: 'paused: \u001b[2J\n' }, deadLetters: 1, byCode: { '\u001b]0;x': 1 } }),
      119,
      'paused: \\u001b[2J\\n  1 dead letter: 1 x \\u001b]0;x',
    ],
  ])('%s', (_name, view, columns, expected) => {
    expect(textsOf(view, columns)[1]).toBe(expected);
  });
});

it('whatever the width and however much there is, nothing is wider, and the numbers are whole', () => {
  const views = [
    viewOf(),
    viewOf({ ...failed, retries: 1, limiter: down }),
    viewOf({ listingEnded: false }),
    viewOf({
      listed: 10_000_000,
      done: 9_999_999,
      limiter: { ratePerSecond: 200, achievedPerSecond: 199.9 },
      view: { elapsedInMs: 3.6e8, donePerSecond: 0.00001, callsPerSecond: 199.9 },
    }),
    viewOf({ ...failed, byCode: { 照片照片照片照片照片照片照片照片照片照片照片照片照片: 12 } }),
  ];
  for (const view of views) {
    for (let columns = 20; columns <= 130; columns += 1) {
      const [first = '', second = ''] = textsOf(view, columns);
      expect(widthOf(first)).toBeLessThanOrEqual(columns);
      expect(widthOf(second)).toBeLessThanOrEqual(columns);
      expect(`${first}${second}`).not.toContain('\n');
      if (columns >= 59) expect(first).toMatch(/\d of \d+\/s .*\d[hms]+ .*\d/);
    }
  }
});

it('a log has one line without a bar', () => {
  const text = progressText(viewOf({ ...failed, retries: 3, limiter: down }));
  expect(text).toMatch(
    /^12345 of 20000 \(61 %\), 49\.8 of 50\/s, 4m12s so far, done at 17:42, 2m33s left, The engine/,
  );
  expect(text).toMatch(/14 dead letters: 8 x 5 \(can not detect face\), 3 x 6 .*, 3 retries$/);
});

it('programs get it as JSON, with all fields in every line', () => {
  expect(progressSchema.parse(progressRecord('run-1', viewOf({ ...failed, retries: 3 })))).toEqual({
    ...{
      schema: 'rollcall.progress/1',
      run: 'run-1',
      state: 'active',
      listed: 20_000,
      done: 12_345,
      total: 20_000,
    },
    ...{ byStatus: failed.byStatus, byCode: failed.byCode },
    ...{ rateNow: 49.8, rateLimit: 50, inFlight: 12, retries: 3, etaSeconds: 153, waitsFor: null },
    money: null,
    canary: null,
  });
  const waiting = viewOf({ listingEnded: false, limiter: down, view: { donePerSecond: 0 } });
  expect(progressSchema.parse(progressRecord('run-1', waiting))).toMatchObject({
    ...{ state: 'listing', total: null, etaSeconds: null, waitsFor: down.message },
  });
});

describe('a canary', () => {
  const canaryOf = (done: number) =>
    judgeCanary({
      asked: 200,
      sample: { photos: 200, of: 20_000, folders: 4 },
      tally: restoreTally({ total: done, byStatus: { enrolled: done } }),
      accept: undefined,
    });
  it('is said while it runs, behind why it waits and before what failed', () => {
    expect(textsOf(viewOf({ canary: canaryOf(57) }), 100)[1]).toBe(
      'canary: 57 of 200 photos, the rest waits for it',
    );
    expect(textsOf(viewOf({ canary: canaryOf(57) }), 40)[1]).toBe('canary: 57 of 200');
    const listing = viewOf({ canary: { ...canaryOf(0), state: 'listing' } });
    expect(textsOf(listing, 100)[1]).toBe('the canary of 200 photos waits for the whole list');
    expect(textsOf(viewOf({ canary: canaryOf(57), limiter: down }), 60)[1]).toMatch(/^The engine does not/u);
    const failing = textsOf(viewOf({ canary: canaryOf(57), ...failed }), 140)[1];
    expect(failing).toMatch(/^canary: 57 of 200.* {2}14 dead letters: 8 x 5/u);
  });
  it('is not said any more once it was accepted', () => {
    expect(textsOf(viewOf({ canary: canaryOf(200) }), 100)[1]).toBe('no dead letters, no retries');
  });
});
