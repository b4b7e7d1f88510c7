import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountStateSchema } from '../../src/account/account-state.ts';
import { afterThrottled, paceAt } from '../../src/account/account-throttling.ts';

const fresh = accountStateSchema.parse({});
const start = 1_800_000_000_000;
const minute = 60_000;

describe('pace', () => {
  it('is halved once per episode: only by calls that were sent after the last cut', () => {
    const cut = afterThrottled(fresh, { sentAt: start - 100 }, start);
    expect(paceAt(cut, start)).toBe(0.5);
    const again = afterThrottled(cut, { sentAt: start - 50 }, start + 300);
    expect(paceAt(again, start + 300)).toBe(0.5);
    const next = afterThrottled(again, { sentAt: start + 400 }, start + 500);
    expect(paceAt(next, start + 500)).toBe(0.25);
  });

  it('recovers by a twentieth of the rate every second without another throttled reply', () => {
    const cut = afterThrottled(fresh, { sentAt: start - 100 }, start);
    expect(paceAt(cut, start + 999)).toBe(0.5);
    expect(paceAt(cut, start + 1000)).toBeCloseTo(0.55);
    expect(paceAt(cut, start + 10_000)).toBe(1);
    const held = afterThrottled(cut, { sentAt: start - 100 }, start + 2900);
    expect(paceAt(held, start + 3800)).toBeCloseTo(0.6);
    expect(paceAt(held, start + 3900)).toBeCloseTo(0.65);
  });

  it('writes a crowd of replies of one episode down once', () => {
    const cut = afterThrottled(fresh, { sentAt: start - 100 }, start);
    expect(afterThrottled(cut, { sentAt: start - 90 }, start + 150)).toBe(cut);
  });

  it('is never below a tenth, never above the rate, and whole again after 18 quiet seconds', () => {
    const replies = fc.array(fc.record({ after: fc.nat(4000), ago: fc.nat(2000) }), { maxLength: 60 });
    fc.assert(
      fc.property(replies, (events) => {
        let state = fresh;
        let now = start;
        for (const { after, ago } of events) {
          now += after;
          const before = paceAt(state, now);
          const isNewEpisode = now - ago > state.pace.cutAt;
          state = afterThrottled(state, { sentAt: now - ago }, now);
          const expected = isNewEpisode ? Math.max(0.1, before / 2) : before;
          expect(paceAt(state, now)).toBeCloseTo(expected);
          expect(paceAt(state, now)).toBeGreaterThanOrEqual(0.1);
        }
        expect(paceAt(state, now + 18_000)).toBe(1);
      }),
    );
  });
});

describe('throttled for good', () => {
  it('pauses at a Retry-After of more than five minutes, not at five', () => {
    const five = afterThrottled(fresh, { sentAt: start, retryAfterInMs: 5 * minute }, start);
    expect(five.pause).toBeNull();
    expect(five.throttling?.until).toBe(start + 5 * minute);
    const more = afterThrottled(fresh, { sentAt: start, retryAfterInMs: 5 * minute + 1 }, start);
    expect(more.pause).toMatchObject({ reason: 'throttled', since: start });
    expect(more.pause?.message).toContain('rollcall resume --account');
  });

  it('pauses after ten minutes of throttled replies', () => {
    let state = fresh;
    for (let minutes = 0; minutes < 10; minutes += 1) {
      const now = start + minutes * minute;
      state = afterThrottled(state, { sentAt: now - 1 }, now);
      expect(state.pause).toBeNull();
    }
    state = afterThrottled(state, { sentAt: start + 10 * minute - 1 }, start + 10 * minute);
    expect(state.pause?.reason).toBe('throttled');
  });

  it.each([
    [30_000, 29_000, null],
    [30_000, 30_000, 'The engine has throttled every call for 30 seconds.'],
    [60 * minute, 9 * minute, null],
    [60 * minute, 10 * minute, 'The engine has throttled every call for 10 minutes.'],
    [5 * minute, 5 * minute, 'The engine has throttled every call for 5 minutes.'],
  ])('is given up after %i ms, where that is sooner: %i ms', (giveUpAfterInMs, lasted, expected) => {
    let state = fresh;
    for (let now = start; now <= start + lasted; now += 1_000)
      state = afterThrottled(state, { sentAt: now - 1, giveUpAfterInMs }, now);
    if (expected === null) expect(state.pause).toBeNull();
    else expect(state.pause?.message).toContain(expected);
  });

  it('does not wait for a Retry-After that is longer than what an outage may last', () => {
    const asked = { sentAt: start, retryAfterInMs: 2 * minute };
    expect(afterThrottled(fresh, { ...asked, giveUpAfterInMs: minute }, start).pause).not.toBeNull();
    expect(afterThrottled(fresh, { ...asked, giveUpAfterInMs: 2 * minute }, start).pause).toBeNull();
  });

  it('does not count a silence in which nobody called', () => {
    const first = afterThrottled(fresh, { sentAt: start }, start + 1);
    const nextDay = afterThrottled(first, { sentAt: start + 1440 * minute }, start + 1440 * minute + 1);
    expect(nextDay.pause).toBeNull();
  });
});
