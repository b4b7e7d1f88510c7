import { describe, expect, it } from 'vitest';
import type { RunEventLine, RunHappening } from '../../src/records/run-events.ts';
import { isTrouble, troublesOf } from '../../web/src/events.ts';
import { closed, perSecond, stack, timesOf } from '../../web/src/series.ts';

const event = (second: number, happening: RunHappening): RunEventLine => ({
  schema: 'rollcall.event/1',
  at: new Date(second * 1000).toISOString(),
  ...happening,
});

describe('what charts are drawn from', () => {
  it('stacks each series on those before it', () => {
    expect(
      stack([
        [1, 2, null],
        [10, 0, 5],
        [100, 100, 100],
      ]),
    ).toEqual([
      [1, 2, 0],
      [11, 2, 5],
      [111, 102, 105],
    ]);
  });

  it('gives buckets their times, and counts as what that is a second', () => {
    expect(timesOf(new Date(100_000).toISOString(), 4, 3)).toEqual([100, 104, 108]);
    expect(perSecond([8, 0], 4)).toEqual([2, 0]);
    expect(closed([1, 2])).toEqual([1, 2, 2]);
    expect(closed([])).toEqual([]);
  });

  it('shades pauses and outages to their end, or until now', () => {
    const events = [
      event(1, { kind: 'started' }),
      event(10, { kind: 'engine-down' }),
      event(20, { kind: 'engine-up' }),
      event(30, { kind: 'throttled' }),
      event(40, { kind: 'paused', cause: 'by-hand' }),
      event(50, { kind: 'resumed' }),
      event(60, { kind: 'engine-down' }),
      event(70, { kind: 'paused', cause: 'account-down' }),
    ];
    expect(troublesOf(events, 90)).toEqual([
      { from: 10, to: 20, kind: 'engine-down' },
      { from: 40, to: 50, kind: 'paused' },
      { from: 60, to: 70, kind: 'engine-down' },
      { from: 70, to: 90, kind: 'paused' },
    ]);
    expect(events.filter(isTrouble)).toHaveLength(5);
  });
});
