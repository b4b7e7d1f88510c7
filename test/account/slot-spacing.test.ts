import { expect, it } from 'vitest';
import { slotSpacing, usedRatePerSecond } from '../../src/account/slot-spacing.ts';

// A second of the engine's clock is 1036 ms of slots; of a rate that is no whole number, its own window and 36 ms.
it.each([
  [40, { calls: 40, windowInMs: 1036, evenInMs: 25.9 }],
  [1, { calls: 1, windowInMs: 1036, evenInMs: 1036 }],
  [7.5, { calls: 7, windowInMs: 969.33, evenInMs: 138.48 }],
  [0.1, { calls: 1, windowInMs: 10_036, evenInMs: 10_036 }],
])('%d calls a second', (ratePerSecond, expected) => {
  const { calls, windowInMs, evenInMs, fastInMs } = slotSpacing(ratePerSecond);
  expect(calls).toBe(expected.calls);
  expect(windowInMs).toBeCloseTo(expected.windowInMs, 2);
  expect(evenInMs).toBeCloseTo(expected.evenInMs, 2);
  // What was lost is made up half as fast again, and never within a third of the usual time.
  expect(evenInMs / fastInMs).toBeCloseTo(1.5);
});

it.each([
  [1, 0.965],
  [40, 38.61],
  [0.1, 0.0996],
])('of %d calls a second %d are made', (ratePerSecond, used) => {
  expect(usedRatePerSecond(ratePerSecond)).toBeCloseTo(used, 3);
});
