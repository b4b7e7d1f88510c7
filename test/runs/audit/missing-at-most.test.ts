import { describe, expect, it } from 'vitest';
import { missingAtMost } from '../../../src/runs/audit/missing-at-most.ts';

describe('how many are missing at most, with 95 % confidence', () => {
  /** One-sided upper bounds of Clopper and Pearson, as tables have them: so large a population is as good as endless. */
  it.each([
    [0, 10, 0.2589],
    [0, 20, 0.1391],
    [0, 100, 0.0295],
    [0, 2_000, 0.001497],
    [1, 10, 0.3942],
    [1, 20, 0.2161],
    [2, 50, 0.1206],
    [5, 100, 0.1023],
    [10, 10, 1],
    [50, 100, 0.5864],
  ])('%i of %i in a large population: %d', (missing, judged, bound) => {
    const population = 100_000_000;
    expect(missingAtMost({ missing, judged, population }) / population).toBeCloseTo(
      bound,
      bound < 0.01 ? 6 : 4,
    );
  });

  it('is what was counted where everybody was judged', () => {
    for (const missing of [0, 1, 37, 1_000])
      expect(missingAtMost({ missing, judged: 1_000, population: 1_000 })).toBe(missing);
    expect(missingAtMost({ missing: 0, judged: 1, population: 1 })).toBe(0);
    expect(missingAtMost({ missing: 250_000, judged: 1_000_000, population: 1_000_000 })).toBe(250_000);
  });

  it('is the largest number that is not too unlikely, by counting small cases out', () => {
    const choose = (n: number, k: number): number =>
      k < 0 || k > n ? 0 : k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k;
    const chance = (most: number, drawn: number, marked: number, all: number) => {
      let sum = 0;
      for (let seen = 0; seen <= most; seen += 1)
        sum += (choose(marked, seen) * choose(all - marked, drawn - seen)) / choose(all, drawn);
      return sum;
    };
    for (const population of [1, 2, 5, 12, 30])
      for (let judged = 1; judged <= population; judged += 1)
        for (let missing = 0; missing <= judged; missing += 1) {
          const found = missingAtMost({ missing, judged, population });
          const possible = Array.from({ length: population + 1 }, (_, marked) => marked).filter(
            (marked) => marked >= missing && chance(missing, judged, marked, population) > 0.05,
          );
          expect(found, `${missing} of ${judged} of ${population}`).toBe(possible.at(-1));
        }
  });

  it('is less the more are judged, and says nothing of a population that nobody was asked about', () => {
    const bounds = [100, 500, 2_000, 9_000].map((judged) =>
      missingAtMost({ missing: 0, judged, population: 10_000 }),
    );
    expect(bounds).toEqual([...bounds].sort((one, other) => other - one));
    expect(missingAtMost({ missing: 0, judged: 0, population: 10 })).toBe(10);
  });
});
