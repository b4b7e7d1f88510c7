import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createGrowingScale } from '../../src/records/report/growing-scale.ts';

/** All numbers at once: the narrowest of the widths at which they fit. */
function spread(numbers: readonly number[], { finest, most }: { finest: number; most: number }) {
  for (let width = finest; ; width *= 2) {
    const buckets = numbers.map((number) => Math.floor(number / width));
    const [first, last] = [Math.min(...buckets), Math.max(...buckets)];
    if (last - first >= most) continue;
    const counts = Array.from({ length: last - first + 1 }, () => 0);
    for (const bucket of buckets) counts[bucket - first] = (counts[bucket - first] ?? 0) + 1;
    return { width, start: first * width, counts };
  }
}

function place(numbers: readonly number[], options: { finest: number; most: number }) {
  const scale = createGrowingScale(options);
  const [all, odd] = [scale.newRow(), scale.newRow()];
  numbers.forEach((number, index) => {
    const slot = scale.slotOf(number);
    for (const row of index % 2 === 1 ? [all, odd] : [all]) row[slot] = (row[slot] ?? 0) + 1;
  });
  return { scale, all, odd };
}

const near = fc.integer({ min: -40, max: 40 });
const far = fc.integer({ min: -(2 ** 40), max: 2 ** 40 });
const numbers = fc.array(
  fc.oneof(
    near,
    far,
    near.map((number) => number / 8),
  ),
  {
    minLength: 1,
    maxLength: 30,
  },
);
const options = fc.record({ finest: fc.constantFrom(1, 2, 1 / 8), most: fc.constantFrom(1, 2, 3, 7, 40) });

it('a scale that grew is the one that would have been chosen for all numbers, in every row', () => {
  fc.assert(
    fc.property(numbers, options, (all, how) => {
      // Both sides of zero never meet in one bucket.
      fc.pre(how.most > 1 || all.every((number) => number >= 0) || all.every((number) => number < 0));
      const found = place(all, how);
      const expected = spread(all, how);
      const { width, start } = found.scale;
      expect({ width, start, counts: found.scale.read(found.all) }).toEqual(expected);
      const odd = all.filter((_, index) => index % 2 === 1);
      const countOdd = expected.counts.map(
        (_, bucket) =>
          odd.filter(
            (number) => Math.floor(number / expected.width) - expected.start / expected.width === bucket,
          ).length,
      );
      expect(found.scale.read(found.odd)).toEqual(countOdd);
    }),
  );
});

it('a scale to which no number came has no buckets', () => {
  const scale = createGrowingScale({ finest: 1, most: 4 });
  expect(scale).toMatchObject({ width: 1, start: undefined });
  expect(scale.read(scale.newRow())).toEqual([]);
});

it('a scale is as fine as it may be for what just fits, and not a step finer', () => {
  expect(place([0, 3], { finest: 1, most: 4 }).scale.width).toBe(1);
  expect(place([0, 4], { finest: 1, most: 4 }).scale.width).toBe(2);
  expect(place([-1, 3], { finest: 1, most: 4 }).scale.width).toBe(2);
});
