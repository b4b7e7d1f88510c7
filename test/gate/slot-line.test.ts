import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pushAfter, slotSpacing } from '../../src/gate/slot-spacing.ts';
import { createMemoryAccountStore } from './memory-account-store.ts';

/** What happens to one slot: who asks leaves the store idle for a while, and the call leaves late, or not at all. */
const fate = fc.record({
  idleInMs: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3000) }),
  lateInMs: fc.oneof(
    { weight: 8, arbitrary: fc.double({ min: 0, max: 9, noNaN: true }) },
    { weight: 2, arbitrary: fc.double({ min: 0, max: 700, noNaN: true }) },
  ),
  isUsed: fc.integer({ min: 0, max: 19 }).map((number) => number > 0),
  slots: fc.integer({ min: 1, max: 5 }),
});

describe('the line of slots', () => {
  it('lets no second see more calls than the rate, however late calls leave', async () => {
    const rates = fc.constantFrom(0.1, 0.5, 1, 2, 7, 7.5, 50, 120);
    const fates = fc.array(fate, { minLength: 1, maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(rates, fates, async (ratePerSecond, steps) => {
        const sent = await simulate(ratePerSecond, steps);
        const { calls, windowInMs } = slotSpacing(ratePerSecond);
        sent.sort((a, b) => a - b);
        for (const [place, at] of sent.entries()) {
          const after = sent[place + calls];
          if (after !== undefined) expect(after - at).toBeGreaterThanOrEqual(windowInMs + 21.9);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('uses 97 % of the rate when nothing is late', async () => {
    const steps = Array.from({ length: 1000 }, () => ({ idleInMs: 0, lateInMs: 1, isUsed: true, slots: 3 }));
    const sent = await simulate(50, steps);
    const used = ((sent.length - 1) * 1000) / ((sent.at(-1) ?? 0) - (sent[0] ?? 0)) / 50;
    expect(used).toBeCloseTo(0.97, 2);
  });
});

type Fate = { idleInMs: number; lateInMs: number; isUsed: boolean; slots: number };

/** Reserves as the gate does, and pushes when a call is sent: in time for the slots that it is about. */
async function simulate(ratePerSecond: number, steps: readonly Fate[]): Promise<number[]> {
  const account = 'account';
  let now = 1_800_000_000_000;
  const store = createMemoryAccountStore(() => now);
  const spacing = slotSpacing(ratePerSecond);
  const { intervalInMs } = spacing;
  const sent: number[] = [];
  let inFlight: { number: number; at: number; sentAt: number }[] = [];

  async function passTime(until: number): Promise<void> {
    const leaving = inFlight.filter((call) => call.sentAt <= until).sort((a, b) => a.sentAt - b.sentAt);
    inFlight = inFlight.filter((call) => call.sentAt > until);
    for (const call of leaving) {
      now = Math.max(now, call.sentAt);
      sent.push(call.sentAt);
      const push = pushAfter(call, call.sentAt, spacing);
      if (push)
        await store.postpone({ account, until: push.until, slot: { number: push.number, intervalInMs } });
    }
    now = Math.max(now, until);
  }

  for (const { idleInMs, lateInMs, isUsed, slots } of steps) {
    await passTime(now + idleInMs);
    const reservation = await store.reserve({ account, slots, intervalInMs, aheadInMs: 50 });
    if (reservation.granted === 0) await passTime(now + reservation.retryInMs);
    for (let place = 0; isUsed && place < reservation.granted; place += 1) {
      const at = reservation.firstAt + place * intervalInMs;
      inFlight.push({ number: reservation.firstNumber + place, at, sentAt: at + lateInMs });
    }
  }
  await passTime(Number.MAX_SAFE_INTEGER);
  return sent;
}
