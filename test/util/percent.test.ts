import { expect, it } from 'vitest';
import { percent, percentAtMost } from '../../src/util/percent.ts';

it.each([
  [0, '0 %'],
  [1, '100 %'],
  [0.5, '50 %'],
  [0.035, '3.5 %'],
  [0.00012, '0.012 %'],
  [1e-9, '1e-7 %'],
  [0.964, '96 %'],
  [0.994, '99 %'],
  [0.995, '99.5 %'],
  [199 / 200, '99.5 %'],
  [0.9964, '99.6 %'],
  [0.99999, '99.999 %'],
])('says of %s that it is %s', (share, text) => {
  expect(percent(share)).toBe(text);
});

it.each([
  [0, '0 %', '0 %'],
  [1, '100 %', '100 %'],
  [0.049, '4.9 %', '4.9 %'],
  [0.17622, '17 %', '18 %'],
  [0.0121, '1.2 %', '1.3 %'],
  [0.991, '99 %', '99.1 %'],
  [0.9964, '99 %', '99.7 %'],
  [0.99999, '99 %', '99.999 %'],
])('says of an interval from %d that it begins at %s, and to it that it ends at %s', (share, low, high) => {
  expect([percent(share, 'down'), percent(share, 'up')]).toEqual([low, high]);
});

it.each([
  [0, '0 %'],
  [0.0015, '0.15 %'],
  [0.01149, '1.15 %'],
  [0.011401, '1.15 %'],
  [0.00000001, '0.0001 %'],
  [0.999999, '100 %'],
])('says of a bound of %s that it is at most %s', (share, text) => {
  expect(percentAtMost(share)).toBe(text);
});
