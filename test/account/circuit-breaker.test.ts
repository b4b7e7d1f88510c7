import { describe, expect, it } from 'vitest';
import { accountStateSchema } from '../../src/account/account-state.ts';
import {
  afterProbe,
  afterUnavailable,
  claimProbe,
  releaseProbe,
  renewProbe,
  type UnavailableEvent,
} from '../../src/account/circuit-breaker.ts';

const now = 1_800_000_000_000;
const silence = 10 * 60_000;
const fresh = accountStateSchema.parse({});

describe('a row of failures', () => {
  const event = (photo: string, more: Partial<UnavailableEvent> = {}): UnavailableEvent => ({
    photo,
    attemptsBefore: 0,
    message: 'HTTP 500',
    probeBy: undefined,
    probeDelay: { firstInMs: 1_000, ceilingInMs: 30_000 },
    giveUpAfterInMs: 3_600_000,
    ...more,
  });
  const rowOf = (count: number) =>
    Array.from({ length: count }, (_, index) => `p${index}`).reduce(
      (state, photo) => afterUnavailable(state, event(photo), now).state,
      fresh,
    );

  it('is counted anew after ten minutes in which nobody called', () => {
    const row = rowOf(19);
    expect(afterUnavailable(row, event('last'), now + silence - 1).state.down).not.toBeNull();
    expect(afterUnavailable(row, event('last'), now + silence).state).toMatchObject({
      down: null,
      streak: { replies: 1, firstAt: now + silence },
    });
  });

  it('remembers what it charged to each, and no more than five', () => {
    let state = fresh;
    for (const attemptsBefore of [0, 1, 2])
      state = afterUnavailable(state, event('p', { attemptsBefore }), now).state;
    expect(state.streak?.charges).toEqual({ p: 3 });
    expect(rowOf(12).streak?.charges).toEqual({ p0: 1, p1: 1, p2: 1, p3: 1, p4: 0 });
  });

  it('of probes is counted anew after a silence, and then given up later', () => {
    const down = claimProbe(rowOf(20), 'a', now + 1_000);
    const failAt = (at: number) =>
      afterProbe(down, { ...event('p'), probeBy: 'a', giveUpAfterInMs: 500 }, at);
    expect(failAt(now + silence - 1).pause?.reason).toBe('down');
    expect(failAt(now + silence)).toMatchObject({ pause: null, streak: { firstAt: now + silence } });
  });

  it('gives its probe to one process, for as long as that lives', () => {
    const free = rowOf(20);
    const claimed = claimProbe(free, 'a', now + 1_000);
    expect(claimed.down?.probe).toEqual({ by: 'a', until: now + 16_000 });
    expect(renewProbe(claimed, 'a', now + 2_000).down?.probe).toEqual({ by: 'a', until: now + 17_000 });
    expect(releaseProbe(claimed, 'a').down).toEqual({ ...free.down, probe: null });
    for (const state of [claimProbe(fresh, 'a', now), renewProbe(fresh, 'a', now), releaseProbe(fresh, 'a')])
      expect(state).toBe(fresh);
    for (const change of [renewProbe(free, 'a', now), releaseProbe(free, 'a')]) expect(change).toBe(free);
    expect(releaseProbe(claimed, 'b')).toBe(claimed);
  });
});
