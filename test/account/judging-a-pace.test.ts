import { describe, expect, it } from 'vitest';
import {
  type Arrival,
  leastShareUsed,
  shareOfRateUsed,
  worstSecondButForHoldUps,
} from '../helpers/hold-ups.ts';

const rate = 50;

/** Fifteen seconds of calls at an even pace, without those that `isMissing` says of their number and their second. */
function arrivals(isMissing: (number: number, second: number) => boolean): Arrival[] {
  const calls: Arrival[] = [];
  for (let number = 0; number < 15 * rate; number += 1) {
    const inMs = number * (1000 / rate);
    if (isMissing(number, inMs / 1000)) continue;
    calls.push({ arrivedAt: new Date(inMs).toISOString(), arrivedAtInMs: inMs, heldInMs: 0 });
  }
  return calls;
}

it.each([
  ['every call', () => false, 1],
  [
    'every call but in three seconds in which a disk stood still',
    (_: number, at: number) => at > 6 && at < 9,
    1,
  ],
  ['four of five slots', (number: number) => number % 5 === 4, 0.8],
  ['three of four seconds', (_: number, at: number) => at % 4 >= 3, 0.8],
  ['half of the rate', (number: number) => number % 2 === 1, 0.5],
] as const)('a limiter that allows %s', (_, isMissing, share) => {
  const used = shareOfRateUsed({ calls: arrivals(isMissing), rate, holdUps: [] });
  expect(used).toBeCloseTo(share, 1);
  expect(used >= leastShareUsed).toBe(share === 1);
});

it('what somebody was held up for does not count, for a tenth of the time', () => {
  const calls = arrivals((_, at) => at % 5 > 4.75);
  const holdUps = [0, 1, 2].map((turn) => {
    const to = turn * 5_000 + 5_000;
    return { from: to - 250, to, inMs: 250 };
  });
  expect(shareOfRateUsed({ calls, rate, holdUps: [] })).toBeLessThan(0.97);
  expect(shareOfRateUsed({ calls, rate, holdUps })).toBeCloseTo(1, 2);
  const all = [{ from: 0, to: 15_000, inMs: 15_000 }];
  expect(shareOfRateUsed({ calls, rate, holdUps: all })).toBeLessThan(1.06);
});

describe('the worst second', () => {
  const evenly = (perSecond: number): Arrival[] =>
    Array.from({ length: 5 * perSecond }, (_, number) => {
      const inMs = number * (1000 / perSecond);
      return { arrivedAt: new Date(inMs).toISOString(), arrivedAtInMs: inMs, heldInMs: 0 };
    });
  /** Somebody had no core for half of the time, all the time. */
  const always = Array.from({ length: 300 }, (_, look) => ({
    from: look * 20 - 1_000,
    to: look * 20 - 980,
    inMs: 10,
  }));

  it.each([
    ['as many as allowed', 50, [], false],
    ['one too many', 51, [], true],
    ['one too many, where everybody was held up', 51, always, false],
    ['a fifth too many, where everybody was held up', 60, always, true],
    ['twice as many, where everybody was held up', 100, always, true],
  ] as const)('of %s', (_, perSecond, holdUps, isTooMany) => {
    expect(worstSecondButForHoldUps({ calls: evenly(perSecond), rate, holdUps }) > rate).toBe(isTooMany);
  });
});
