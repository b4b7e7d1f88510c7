import { describe, expect, it } from 'vitest';
import { deliveryAge } from '../../src/sources/s3-inventory/delivery-age.ts';

const day = 86_400_000;
const now = Date.parse('2026-11-28T02:00Z');
const isOverdue = (agesInDays: readonly number[]) =>
  deliveryAge({ times: agesInDays.map((age) => now - age * day), now }).isOverdue;

describe('the newest delivery of an inventory', () => {
  it.each([
    ['came today, as each day', [3.04, 2.04, 1.04, 0.04], false],
    ['came late, or one failed', [5, 4, 3, 2.9], false],
    ['is missing for the third day', [6.1, 5.1, 4.1, 3.1], true],
    ['comes each week', [21.9, 14.9, 7.9], false],
    ['came each week, and one failed', [28, 21, 14], false],
    ['came each week until it ended', [36, 29, 22], true],
    ['comes each week since lately', [11, 10, 9, 8, 1], false],
    ['comes each week since lately, and the next one is late', [19, 18, 17, 16, 9], false],
    ['comes each day again', [30, 23, 3, 2, 1], false],
    ['is the only one, whatever its age', [400], false],
    ['is of a time that has not come', [1, 0, -1], false],
  ])('%s', (_, ages, overdue) => {
    expect(isOverdue(ages)).toBe(overdue);
  });

  it('has the longest time between the latest deliveries, not of those long ago', () => {
    const ages = [90, 60, 8, 7, 6, 5, 4, 3, 2, 1];
    const { everyInMs, ageInMs, at } = deliveryAge({ times: ages.map((age) => now - age * day), now });
    expect([everyInMs, ageInMs, at]).toEqual([day, day, '2026-11-27T02:00:00.000Z']);
  });
});
