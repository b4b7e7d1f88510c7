import { describe, expect, it } from 'vitest';
import {
  lowestRate,
  parseAccountState,
  processCount,
  processLeft,
  rateWarning,
  withDoubt,
  withoutRepeated,
} from '../../src/account/account-state.ts';
import { doubt, fresh, now, seen, stateOf } from './account-states.ts';

describe('who uses an account', () => {
  it('is whoever was seen within the last fifteen seconds', () => {
    expect(processCount(seen({ a: 1, b: 2 }, 14_999), now)).toBe(2);
    expect(processCount(seen({ a: 1, b: 2 }, 15_000), now)).toBe(0);
    expect(parseAccountState(null)).toEqual(fresh);
    expect(parseAccountState('{"rates":{"a":{"ratePerSecond":4,"seenAt":1}}}').rates.a?.ratePerSecond).toBe(
      4,
    );
  });

  it('leaves nothing of itself behind, and touches nothing of the others', () => {
    const state = { ...seen({ a: 1, b: 2 }), doubts: [doubt('p', 'a'), doubt('q', 'b')] };
    const left = processLeft(state, 'a');
    expect(Object.keys(left.rates)).toEqual(['b']);
    expect(left.doubts).toEqual([doubt('q', 'b')]);
    expect(processLeft(left, 'a')).toBe(left);
    expect(processLeft(stateOf({ doubts: [doubt('p', 'a')] }), 'a').doubts).toEqual([]);
  });

  it('keeps to the lowest rate of all, of its own to what it runs at now', () => {
    const state = seen({ a: 50, b: 20, c: 30 });
    const own = (processName: string, ratePerSecond: number) =>
      lowestRate(state, { processName, ratePerSecond }, now);
    expect([own('a', 40), own('a', 10), own('b', 40)]).toEqual([20, 10, 30]);
    expect(lowestRate(state, { processName: 'd', ratePerSecond: 99 }, now + 15_000)).toBe(99);
  });

  it('is told where rates differ', () => {
    expect(rateWarning(seen({ a: 20, b: 20 }), now)).toBeUndefined();
    expect(rateWarning(seen({ a: 20 }), now)).toBeUndefined();
    const warning = rateWarning(seen({ a: 100, b: 20, c: 9, d: 20 }), now);
    expect(warning).toContain('(9, 20, 100 calls a second): the lowest, 9, is used');
    expect(rateWarning(seen({ a: 100, b: 20 }), now + 15_000)).toBeUndefined();
  });

  it('is a witness while it lives: doubts of a process that is gone do not count', () => {
    const state = { ...seen({ a: 1 }), doubts: [doubt('p', 'a'), doubt('q', 'gone'), doubt('r', 'own')] };
    expect(withDoubt(state, doubt('s', 'own'), now).doubts.map(({ photo }) => photo)).toEqual([
      'p',
      'r',
      's',
    ]);
    const repeated = stateOf({ doubts: [doubt('p', 'a', true), doubt('q', 'a'), doubt('r', 'b', true)] });
    expect(withoutRepeated(repeated, 'a').doubts.map(({ photo }) => photo)).toEqual(['q', 'r']);
    expect(withoutRepeated(repeated, 'c')).toBe(repeated);
  });
});
