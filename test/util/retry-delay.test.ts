import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryDelayInMs } from '../../src/util/retry-delay.ts';

const options = fc.record({
  attempt: fc.integer({ min: 1, max: 1_000 }),
  firstDelayInMs: fc.double({ min: 0.001, max: 1e9, noNaN: true }),
  ceilingInMs: fc.double({ min: 0.001, max: 2e9, noNaN: true }),
});
const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the delay before another attempt', () => {
  it('lies between nothing and the exponential delay, and never above the ceiling', () => {
    fc.assert(
      fc.property(options, share, (given, random) => {
        const delay = retryDelayInMs({ ...given, random: () => random });
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(
          Math.min(given.ceilingInMs, given.firstDelayInMs * 2 ** (given.attempt - 1)),
        );
      }),
    );
  });

  it('uses the whole of it: full jitter', () => {
    const most = (attempt: number) =>
      retryDelayInMs({ attempt, firstDelayInMs: 1_000, ceilingInMs: 60_000, random: () => 0.999_999 });
    expect([1, 2, 3, 4, 5, 6, 7, 8, 2_000].map(most)).toEqual(
      [1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000 - 1),
    );
    expect(retryDelayInMs({ attempt: 3, firstDelayInMs: 1_000, ceilingInMs: 60_000, random: () => 0 })).toBe(
      0,
    );
    const delays = Array.from({ length: 1_000 }, () =>
      retryDelayInMs({ attempt: 1, firstDelayInMs: 1_000, ceilingInMs: 60_000 }),
    );
    expect(new Set(delays).size).toBeGreaterThan(400);
  });
});
