import { describe, expect, it } from 'vitest';
import { type AccountState, parseAccountState } from '../../src/account/account-state.ts';
import { paceAt } from '../../src/account/account-throttling.ts';
import { withClockSetBack } from '../../src/account/clock-set-back.ts';

const then = 1_800_000_000_000;
const hour = 3_600_000;

/** All that a state can say, as of `at`. */
function stateAt(at: number): AccountState {
  return parseAccountState(
    JSON.stringify({
      rates: { one: { ratePerSecond: 10, seenAt: at }, two: { ratePerSecond: 5, seenAt: at - 14_000 } },
      pace: { value: 0.5, at: at - 3_000, cutAt: at - 4_000 },
      throttling: { since: at - 9_000, lastAt: at - 3_000, until: at + 60_000 },
      streak: {
        replies: 20,
        firstAt: at - 9_000,
        lastAt: at - 1_000,
        charges: { a: 1 },
        message: 'HTTP 503',
      },
      down: { nextProbeAt: at + 30_000, probeDelayInMs: 30_000, probe: { by: 'one', until: at + 15_000 } },
      outage: { since: at - 5_000, endedAt: null },
      pause: { reason: 'down', message: 'HTTP 503', since: at - 500 },
      ofANewerVersion: true,
    }),
  );
}

describe('a state whose store’s clock was set back', () => {
  it('goes back with it as a whole', () => {
    expect(withClockSetBack(stateAt(then), then - hour)).toEqual(stateAt(then - hour));
  });

  it.each([0, -999, 5_000, hour])('is left alone %i ms later', (later) => {
    const state = stateAt(then);
    expect(withClockSetBack(state, then + later)).toBe(state);
  });

  it('recovers from throttling from then on', () => {
    const throttled = { ...parseAccountState(''), pace: { value: 0.5, at: then, cutAt: then } };
    const state = withClockSetBack(throttled, then - hour);
    expect(paceAt(state, then - hour + 10_000)).toBeCloseTo(1, 5);
  });

  it('of a fresh account is left alone', () => {
    const fresh = parseAccountState('');
    expect(withClockSetBack(fresh, then)).toBe(fresh);
  });
});
