import { describe, expect, it } from 'vitest';
import { drawSample, sampleSize } from '../../../src/runs/audit/draw-sample.ts';
import { missingAtMost } from '../../../src/runs/audit/missing-at-most.ts';
import { createSeededRandom } from '../../helpers/engine-server-calls.ts';

const population = 10_000;
/** Four folders: a tenth, a fifth, three tenths, four tenths. */
const stratumOf = (member: number) => [0, 1, 1, 2, 2, 2, 3, 3, 3, 3][Math.floor(member / 1_000)] ?? 0;
const members = Array.from({ length: population }, (_, member) => member);
const lotsOf = (seed: number) => {
  const random = createSeededRandom(seed);
  const lots = members.map(() => random());
  return (member: number) => lots[member] ?? 0;
};

describe('the sample of an audit', () => {
  it('is as large as is asked for, and never larger than what there is', () => {
    expect(sampleSize({ count: 2_000 }, 10_000)).toBe(2_000);
    expect(sampleSize({ count: 2_000 }, 30)).toBe(30);
    expect(sampleSize({ share: 0.05 }, 10_001)).toBe(501);
    expect(sampleSize({ share: 1 }, 7)).toBe(7);
    expect(sampleSize({ share: 0.05 }, 0)).toBe(0);
  });

  it('has each folder by its share, nobody twice, the same ones for the same seed', () => {
    const lotOf = lotsOf(7);
    const draw = (seed: number) => drawSample({ count: population, stratumOf, lotOf }, { size: 500, seed });
    const drawn = draw(7);
    expect(new Set(drawn).size).toBe(500);
    expect(draw(7)).toEqual(drawn);
    expect(draw(8)).not.toEqual(drawn);
    const byStratum = [0, 1, 2, 3].map(
      (stratum) => drawn.filter((member) => stratumOf(member) === stratum).length,
    );
    for (const [index, count] of byStratum.entries())
      expect(Math.abs(count - (index + 1) * 50)).toBeLessThanOrEqual(1);
    expect(drawSample({ count: 3, stratumOf, lotOf }, { size: 3, seed: 7 })).toEqual([0, 1, 2]);
    expect(drawSample({ count: 0, stratumOf, lotOf }, { size: 0, seed: 7 })).toEqual([]);
  });

  it('states a bound that holds for nineteen seeds of twenty, however those who are missing lie', () => {
    const populations = [
      (member: number) => member % 73 === 0,
      (member: number) => member < 137,
      (member: number) => member >= 9_990,
      () => false,
    ].map((isMissing) => ({ isMissing, truth: members.filter(isMissing).length, holds: 0 }));
    const seeds = 200;
    for (let seed = 1; seed <= seeds; seed += 1) {
      const drawn = drawSample({ count: population, stratumOf, lotOf: lotsOf(seed) }, { size: 500, seed });
      for (const each of populations) {
        const missing = drawn.filter(each.isMissing).length;
        if (missingAtMost({ missing, judged: 500, population }) >= each.truth) each.holds += 1;
      }
    }
    for (const { holds } of populations) expect(holds / seeds).toBeGreaterThanOrEqual(0.9);
  });
});
