import { describe, expect, it } from 'vitest';
import { type AccountState, accountStateSchema } from '../../src/account/account-state.ts';
import { accountSummary } from '../../src/account/account-summary.ts';
import { usedRatePerSecond } from '../../src/account/slot-spacing.ts';

const now = 1_800_000_000_000;
const fresh = accountStateSchema.parse({});
const stateOf = (given: Partial<AccountState>): AccountState => ({ ...fresh, ...given });

describe('an account in words', () => {
  const down = { nextProbeAt: now + 1_200, probeDelayInMs: 1_000, probe: null };
  const streak = { replies: 20, firstAt: now, lastAt: now, charges: {}, message: 'HTTP 503' };
  const pause = { reason: 'user', message: 'by hand', since: now } as const;
  const throttling = (until: number) => ({ since: now, lastAt: now, until });
  const pace = (value: number) => ({ value, at: now, cutAt: now });
  it.each<[string, Partial<AccountState>, string, RegExp?]>([
    ['open', {}, 'open'],
    ['paused before all else', { pause, down, throttling: throttling(now + 9_000) }, 'paused', /^by hand$/],
    ['down', { down, streak }, 'down', /\(last: HTTP 503\); the next try is in 2 s\. Photos keep/],
    ['due', { down: { ...down, nextProbeAt: now - 5 } }, 'down', /not answer; the next try is in 0 s/],
    ['probed', { down: { ...down, probe: { by: 'a', until: now } } }, 'down', /one photo is sent as a probe/],
    ['asked to wait', { throttling: throttling(now + 1_001) }, 'throttled', /calls go on in 2 s\./],
    ['waited for long enough', { throttling: throttling(now) }, 'open'],
    ['slowed down', { pace: pace(0.454) }, 'throttled', /the pace is 45 % of the rate/],
    ['at its whole pace', { pace: pace(1) }, 'open'],
  ])('%s', (_, given, word, message) => {
    const { state, ...told } = accountSummary(stateOf(given), now);
    expect(state).toBe(word);
    if (message) expect(told.message).toMatch(message);
    else expect(told).toEqual({});
  });

  it('is used at 96.5 % of its rate', () => {
    expect(usedRatePerSecond(10)).toBeCloseTo(9.653, 3);
  });
});
