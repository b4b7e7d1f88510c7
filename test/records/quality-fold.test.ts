import { expect, it } from 'vitest';
import { createQualityFold } from '../../src/records/report/quality-fold.ts';

function fold(...photos: Readonly<Record<string, unknown>>[]) {
  const quality = createQualityFold();
  for (const photo of photos) quality.add(photo);
  return quality.build();
}

it.each([
  [0.25, 0.25],
  [-3, -3],
  [true, 1],
  [false, 0],
  [{ value: 7 }, 7],
  [{ score: 0.5 }, 0.5],
  [{ value: 2, score: 0.5 }, 2],
  [{ value: 'high', score: 0.5 }, undefined],
  [{ score: true }, undefined],
  [{ other: 1 }, undefined],
  [{}, undefined],
  [[1], undefined],
  ['1', undefined],
  [null, undefined],
  [undefined, undefined],
  [Number.NaN, undefined],
  [Number.POSITIVE_INFINITY, undefined],
  [{ value: Number.NEGATIVE_INFINITY }, undefined],
  // What a chart can still show, and what it cannot.
  [2 ** 40 - 1, 2 ** 40 - 1],
  [1 - 2 ** 40, 1 - 2 ** 40],
  [2 ** 40, undefined],
  [-(2 ** 40), undefined],
])('%j is the number %j', (said, number) => {
  const { measure } = fold({ measure: said });
  if (number === undefined) return expect(measure).toBeUndefined();
  const [low = Number.NaN, high = Number.NaN] = measure?.bounds ?? [];
  expect([low <= number, number < high]).toEqual([true, true]);
  expect(measure).toMatchObject({ counts: [0, 1, 0], missing: 0 });
});

it('counts the photos that say something, but not this', () => {
  const quality = fold({ yaw: 1, blur: 2 }, { yaw: 3 }, {}, { yaw: 'no' }, { roll: 1 });
  expect(Object.keys(quality)).toEqual(['yaw', 'blur', 'roll']);
  expect([quality.yaw?.missing, quality.blur?.missing, quality.roll?.missing]).toEqual([3, 4, 4]);
});

it('has 40 buckets of a measure at most, from its lowest number to its highest', () => {
  const { yaw } = fold(...Array.from({ length: 1_000 }, (_, index) => ({ yaw: index / 1_000 })));
  expect(yaw?.counts.length).toBeGreaterThan(22);
  expect(yaw?.counts.length).toBeLessThanOrEqual(42);
  expect([yaw?.bounds[0], yaw?.bounds.at(-1)]).toEqual([0, 1]);
  // Two numbers that differ by a thousandth still do so on their chart.
  expect(fold({ yaw: 0.001 }, { yaw: 0.002 }).yaw?.counts).toEqual([0, 1, 1, 0]);
});

it('keeps the first 50 measures, and none whose name is longer than a name is', () => {
  const names = Array.from({ length: 60 }, (_, index) => `measure ${index}`);
  const all = Object.fromEntries(names.map((name) => [name, 1]));
  const quality = fold({ ['x'.repeat(101)]: 1, ['y'.repeat(100)]: 1 }, all, all);
  expect(Object.keys(quality)).toEqual(['y'.repeat(100), ...names.slice(0, 49)]);
  // What is known goes on being counted.
  expect(quality['measure 0']).toMatchObject({ counts: [0, 2, 0], missing: 1 });
});
