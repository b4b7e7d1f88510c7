import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { longestRetryAfterInMs, retryAfterInMs } from '../../src/engines/retry-after.ts';

const nowInMs = Date.UTC(2026, 10, 22, 1, 2, 3);

describe('retryAfterInMs', () => {
  test.each([
    ['0', 0],
    ['7', 7000],
    [' 120 ', 120_000],
    ['0.5', 500],
    ['9'.repeat(400), longestRetryAfterInMs],
    ['1000000000000000', longestRetryAfterInMs],
    ['2678401', longestRetryAfterInMs],
    ['2678399', 2_678_399_000],
    ['Fri, 31 Dec 9999 23:59:59 GMT', longestRetryAfterInMs],
    ['Sun, 22 Nov 2026 01:02:13 GMT', 10_000],
    ['Sunday, 22-Nov-26 01:02:13 GMT', 10_000],
    ['Sun Nov 22 01:02:13 2026', 10_000],
    ['Sun, 22 Nov 2026 01:01:13 GMT', 0],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['7, 120', 120_000],
    ['30 ,30', 30_000],
  ])('%s', (retryAfter, expected) => {
    expect(retryAfterInMs({ retryAfter, nowInMs })).toBe(expected);
  });

  test.each([
    '',
    '-5',
    '+5',
    '-9223372036854775808',
    '5,',
    ',5',
    '5, -7',
    '5, soon',
    '5s',
    '1e3',
    'soon',
    'NaN',
    '2026-11-22',
    'Sun, 99 Nov 2026 01:02:13 GMT',
  ])('ignores "%s"', (retryAfter) => expect(retryAfterInMs({ retryAfter, nowInMs })).toBeUndefined());

  test('no header, no wait', () =>
    expect(retryAfterInMs({ retryAfter: undefined, nowInMs })).toBeUndefined());

  test("measures a date by the engine's clock where it tells its time", () => {
    const retryAfter = 'Sun, 22 Nov 2026 09:00:05 GMT';
    expect(retryAfterInMs({ retryAfter, date: 'Sun, 22 Nov 2026 09:00:00 GMT', nowInMs })).toBe(5000);
    for (const wrong of ['Thu, 01 Jan 1970 00:00:00 GMT', 'Sat, 01 Jan 2000 00:00:07 GMT'])
      expect(retryAfterInMs({ retryAfter: 'Sun, 22 Nov 2026 01:02:13 GMT', date: wrong, nowInMs })).toBe(
        10_000,
      );
    expect(retryAfterInMs({ retryAfter: '3', date: 'Sun, 22 Nov 2026 09:00:00 GMT', nowInMs })).toBe(3000);
  });

  test('anything gives nothing or a wait that can be waited', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (retryAfter, date) => {
        const wait = retryAfterInMs({ retryAfter, date, nowInMs });
        expect(wait === undefined || (wait >= 0 && wait <= longestRetryAfterInMs)).toBe(true);
      }),
    );
  });
});
