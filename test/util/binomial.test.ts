import fc from 'fast-check';
import { expect, it } from 'vitest';
import { binomialInterval, binomialUpperBound } from '../../src/util/binomial.ts';

/** The distribution by its definition, term by term. */
function chanceOfAtMost(hits: number, of: number, share: number): number {
  let logOfTerm = of * Math.log1p(-share);
  let sum = Math.exp(logOfTerm);
  for (let k = 1; k <= hits; k += 1) {
    logOfTerm += Math.log((of - k + 1) / k) + Math.log(share) - Math.log1p(-share);
    sum += Math.exp(logOfTerm);
  }
  return sum;
}

it('gives what tables of the exact interval have', () => {
  // R: binom.test(10, 200)$conf.int, binom.test(1, 20)$conf.int, binom.test(57, 1000)$conf.int
  expect(binomialInterval({ hits: 10, of: 200 }).low).toBeCloseTo(0.02423, 4);
  expect(binomialInterval({ hits: 10, of: 200 }).high).toBeCloseTo(0.09003, 4);
  expect(binomialInterval({ hits: 1, of: 20 }).low).toBeCloseTo(0.001265, 5);
  expect(binomialInterval({ hits: 1, of: 20 }).high).toBeCloseTo(0.248733, 5);
});

it('knows the ends, which have a formula of their own', () => {
  expect(binomialInterval({ hits: 0, of: 0 })).toEqual({ low: 0, high: 1 });
  const none = binomialInterval({ hits: 0, of: 200 });
  expect(none.low).toBe(0);
  expect(none.high).toBeCloseTo(1 - 0.025 ** (1 / 200), 10);
  const all = binomialInterval({ hits: 50, of: 50 });
  expect(all.low).toBeCloseTo(0.025 ** (1 / 50), 10);
  expect(all.high).toBe(1);
  expect(binomialUpperBound({ hits: 0, of: 2000 })).toBeCloseTo(1 - 0.05 ** (1 / 2000), 10);
});

it('lies where the distribution has the chance that is left', () => {
  const drawn = fc
    .integer({ min: 1, max: 3_000 })
    .chain((of) => fc.tuple(fc.integer({ min: 0, max: of - 1 }), fc.constant(of)));
  fc.assert(
    fc.property(drawn, fc.constantFrom(0.9, 0.95, 0.99), ([hits, of], confidence) => {
      const upper = binomialUpperBound({ hits, of, confidence });
      expect(chanceOfAtMost(hits, of, upper)).toBeCloseTo(1 - confidence, 6);
      const { low, high } = binomialInterval({ hits, of, confidence });
      expect(chanceOfAtMost(hits, of, high)).toBeCloseTo((1 - confidence) / 2, 6);
      if (hits > 0) expect(1 - chanceOfAtMost(hits - 1, of, low)).toBeCloseTo((1 - confidence) / 2, 6);
      expect(low).toBeLessThanOrEqual(hits / of);
      expect(high).toBeGreaterThan(hits / of);
    }),
  );
});

it('holds for as many as an archive has', () => {
  const { low, high } = binomialInterval({ hits: 50_000, of: 10_000_000 });
  // The normal distribution is near there.
  const spread = 1.96 * Math.sqrt((0.005 * 0.995) / 10_000_000);
  expect(low).toBeCloseTo(0.005 - spread, 6);
  expect(high).toBeCloseTo(0.005 + spread, 6);
});
