import { describe, expect, it } from 'vitest';
import {
  countOf,
  formatDuration,
  formatFinish,
  formatMeasure,
  formatRate,
  formatShare,
  formatTime,
} from '../../web/src/format.ts';

describe('numbers and times of the page', () => {
  it('have the plural that is right', () => {
    expect([0, 1, 2, 1_200].map((count) => countOf(count, 'photo'))).toEqual([
      '0 photos',
      '1 photo',
      '2 photos',
      '1,200 photos',
    ]);
    expect(countOf(2, 'retry', 'retries')).toBe('2 retries');
  });

  it('never say 100 % where something is missing, nor 0 % where there is something', () => {
    expect(formatShare(999_999, 1_000_000)).toBe('> 99.9 %');
    expect(formatShare(1, 1_000_000)).toBe('< 0.1 %');
    expect(formatShare(1_000_000, 1_000_000)).toBe('100 %');
    expect(formatShare(0, 10)).toBe('0 %');
    expect(formatShare(1, 3)).toBe('33.3 %');
    expect(formatShare(0, 0)).toBe('–');
  });

  it.each([
    [0, '0 s'],
    [0.42, '0.4 s'],
    [59.6, '1 min'],
    [185, '3 min 5 s'],
    [7_800, '2 h 10 min'],
    [3_600, '1 h'],
    [356_400, '4 d 3 h'],
  ])('show %d seconds as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it('show measures and rates with the digits that say something', () => {
    expect([0.123456, 12.34, 1_234.5].map(formatMeasure)).toEqual(['0.123', '12.3', '1,235']);
    expect([0.25, 12, 250.4].map(formatRate)).toEqual(['0.3 / s', '12 / s', '250 / s']);
  });

  it('name the day of an end that is not today', () => {
    const now = new Date(2026, 10, 28, 23, 0);
    expect(formatFinish(1_800, now)).toBe('at 23:30');
    expect(formatFinish(7_200, now)).toBe('Sun 29 Nov at 01:00');
  });

  it('leave what is no time as it is', () => {
    expect(formatTime('yesterday')).toBe('yesterday');
  });
});
