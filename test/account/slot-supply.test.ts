import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createAccountClient } from '../../src/account/account-client.ts';
import { parseAccountState } from '../../src/account/account-state.ts';
import type { Reservation, ReserveRequest, Slot } from '../../src/account/account-store.ts';
import { slotSpacing } from '../../src/account/slot-spacing.ts';
import { createSlotSupply } from '../../src/account/slot-supply.ts';

/** The store's clock when this process's own is at 0. */
const epoch = 1_800_000_000_000;
const state = parseAccountState('');

/** A store that gives what it is told to, after a trip of so long; what it was asked stays. */
function open({ tripInMs = 0 }: { tripInMs?: number } = {}) {
  const asked: Omit<ReserveRequest, 'account'>[] = [];
  const postponed: number[] = [];
  const warnings: unknown[] = [];
  let number = 1;
  const given = {
    /** From now, in ms; of a reservation that asks for more the rest is missing. */
    slotsInMs: [0, 20, 40, 60, 80],
    retryInMs: 0,
    /** What the store forgot, in slots. */
    back: 0,
  };
  const client = createAccountClient({
    account: 'account',
    onReading: () => {},
    log: { info: () => {}, warn: () => {} },
    store: {
      async reserve({ account: _, ...request }): Promise<Reservation> {
        asked.push(request);
        const now = epoch + performance.now();
        number -= given.back;
        const ats = given.slotsInMs.slice(0, request.slots).map((inMs) => now + inMs);
        const slots = ats.map((at) => ({ number: number++, at }));
        const answer = { now, slots, nextNumber: number, retryInMs: given.retryInMs, state };
        await new Promise((resolve) => setTimeout(resolve, tripInMs));
        return answer;
      },
      postpone: async ({ until }) => void postponed.push(until - epoch),
      change: () => Promise.reject(new Error('not here')),
      read: async () => ({ state, now: epoch + performance.now() }),
    },
  });
  const onSlots = vi.fn();
  const supply = createSlotSupply({
    client,
    log: { info: () => {}, warn: (text: unknown) => void warnings.push(text) },
    onSlots,
  });
  onTestFinished(() => supply.close());
  const refill = (callers: number, ratePerSecond = 100, pace = 1) =>
    supply.refill({ callers, ratePerSecond, pace });
  /** All slots that can be taken, by number; nothing if the next is not due. */
  const takeAll = () => {
    const taken: Slot[] = [];
    for (let slot = supply.take(); typeof slot !== 'number'; slot = supply.take()) taken.push(slot);
    return taken.map(({ number }) => number);
  };
  const notes = () => asked.flatMap((request) => request.notes);
  return { supply, refill, takeAll, asked, notes, postponed, warnings, given, onSlots };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('the slots of a process', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }));
  afterEach(() => void vi.useRealTimers());

  it.each([
    // Callers, rate, pace: slots, and the rate that they are spaced by.
    [3, 100, 1, 3, 100],
    [50, 100, 1, 5, 100],
    [50, 50, 1, 3, 50],
    [50, 1, 1, 1, 1],
    [50, 100, 0.5, 5, 50],
  ])('for %d callers at %d a second and a pace of %d: %d', async (callers, rate, pace, slots, spacedBy) => {
    const { refill, asked, onSlots } = open();
    expect(refill(callers, rate, pace)).toBe(Number.POSITIVE_INFINITY);
    await pass(1);
    expect(asked).toEqual([{ slots, spacing: slotSpacing(spacedBy), aheadInMs: 50, notes: [] }]);
    expect(onSlots).toHaveBeenCalledTimes(1);
  });

  it('are not asked for where nobody waits, twice at once, or where they are there', async () => {
    const { refill, asked } = open({ tripInMs: 10 });
    expect(refill(0)).toBe(Number.POSITIVE_INFINITY);
    refill(2);
    expect(refill(2)).toBe(Number.POSITIVE_INFINITY);
    await pass(10);
    expect(asked).toHaveLength(1);
    expect(refill(2)).toBe(Number.POSITIVE_INFINITY);
    await pass(100);
    expect(asked).toHaveLength(1);
  });

  it('are asked for again when half of the lead is left', async () => {
    const { refill, asked, given } = open();
    given.slotsInMs = [10, 20, 40];
    refill(3);
    await pass(0);
    // The last of them is at 40, the lead is 50.
    expect(refill(4)).toBe(15);
    await pass(14);
    refill(4);
    expect(asked).toHaveLength(1);
    await pass(1);
    expect(refill(4)).toBe(Number.POSITIVE_INFINITY);
    expect(asked.map(({ slots }) => slots)).toEqual([3, 1]);
  });

  it.each([
    [0, 50],
    [10, 50],
    [40, 105],
    [100, 150],
  ])('after a trip of %d ms to the store are reserved %d ms ahead', async (tripInMs, aheadInMs) => {
    const { refill, takeAll, asked } = open({ tripInMs });
    refill(1);
    await pass(tripInMs);
    takeAll();
    refill(1);
    expect(asked[1]?.aheadInMs).toBe(aheadInMs);
  });

  it('are taken when they are due, and given up when they are later than a tenth of a second', async () => {
    const { supply, refill, takeAll, notes, given } = open();
    expect(supply.take()).toBe(Number.POSITIVE_INFINITY);
    given.slotsInMs = [10, 20, 30, 200];
    refill(4);
    await pass(0);
    expect(supply.take()).toBe(10);
    await pass(9);
    expect(supply.take()).toBe(10);
    await pass(1);
    expect(supply.take()).toEqual({ number: 1, at: epoch + 10, localAt: 10 });
    expect(supply.take()).toBe(20);
    await pass(120);
    expect(takeAll()).toEqual([3]);
    expect(supply.take()).toBe(200);
    await pass(100);
    expect(notes()).toEqual([{ number: 2, sentAt: undefined }]);
  });

  it('wait until the store can give more, a second at most', async () => {
    for (const [retryInMs, until] of [
      [400, 400],
      [5_000, 1_000],
    ] as const) {
      const { refill, asked, given } = open();
      Object.assign(given, { slotsInMs: [], retryInMs });
      const from = performance.now();
      refill(2);
      await pass(0);
      expect(refill(2)).toBe(from + until);
      await pass(until - 1);
      refill(2);
      expect(asked).toHaveLength(1);
      await pass(1);
      refill(2);
      expect(asked).toHaveLength(2);
    }
  });

  it('do not wait where the store gave all', async () => {
    const { refill, takeAll, asked, given } = open();
    given.retryInMs = 500;
    refill(1);
    await pass(0);
    expect(takeAll()).toEqual([1]);
    refill(1);
    expect(asked).toHaveLength(2);
  });

  it('that a call left late are noted: with the next reservation, or alone when there is none so soon', async () => {
    const { supply, refill, asked, notes } = open();
    supply.sent({ number: 1, at: 100 }, 103);
    supply.sent({ number: 2, at: 100 }, 103.5);
    supply.giveUp({ number: 3, at: 100 });
    await pass(99);
    expect(asked).toEqual([]);
    refill(1);
    await pass(0);
    const about = [
      { number: 2, sentAt: 103.5 },
      { number: 3, sentAt: undefined },
    ];
    expect(asked).toMatchObject([{ slots: 1, notes: about }]);
    await pass(300);
    expect(asked).toHaveLength(1);
    supply.sent({ number: 4, at: 100 }, 200);
    await pass(99);
    supply.sent({ number: 5, at: 100 }, 200);
    expect(asked).toHaveLength(1);
    await pass(1);
    expect(asked[1]).toMatchObject({ slots: 0, notes: [{ number: 4 }, { number: 5 }] });
    await pass(300);
    expect(notes()).toHaveLength(4);
  });

  it('are noted once the store answered, where it is asked already', async () => {
    const { supply, refill, asked } = open({ tripInMs: 250 });
    refill(1);
    supply.sent({ number: 9, at: 100 }, 200);
    await pass(249);
    expect(asked).toHaveLength(1);
    await pass(51);
    expect(asked).toMatchObject([{ notes: [] }, { slots: 0, notes: [{ number: 9, sentAt: 200 }] }]);
  });

  it('are given up when the account changed, also those that are on their way', async () => {
    const { supply, refill, takeAll, notes, given } = open({ tripInMs: 30 });
    given.slotsInMs = [50, 60];
    refill(2);
    await pass(30);
    supply.drop();
    expect(supply.take()).toBe(Number.POSITIVE_INFINITY);
    refill(2);
    await pass(10);
    supply.drop();
    await pass(20);
    expect(takeAll()).toEqual([]);
    await pass(200);
    expect(notes()).toEqual([1, 2, 3, 4].map((number) => ({ number, sentAt: undefined })));
    // And it goes on.
    given.slotsInMs = [0];
    refill(1);
    await pass(30);
    expect(takeAll()).toEqual([5]);
  });

  it.each([
    // What the store lost, when its next slot is: whether that is soon enough to harm.
    [1, 0, true],
    [1, 899, true],
    [1, 900, false],
    [2, 0, true],
    [0, 0, false],
    // Others reserved some.
    [-5, 0, false],
  ])('of a store that lost %d and gives one in %d ms are not used: %s', async (back, inMs, isLost) => {
    for (const hasSlots of [true, false]) {
      const { refill, takeAll, postponed, warnings, given } = open();
      refill(3);
      await pass(60);
      expect(takeAll()).toEqual([1, 2, 3]);
      const now = performance.now();
      Object.assign(given, { back, retryInMs: inMs, slotsInMs: hasSlots ? [inMs] : [] });
      refill(1);
      await pass(0);
      expect(warnings).toHaveLength(isLost ? 1 : 0);
      expect(postponed).toEqual(isLost ? [now + 1000] : []);
      given.back = 0;
      await pass(inMs);
      expect(takeAll()).toEqual(hasSlots && !isLost ? [4 - back] : []);
    }
  });

  it('are nobody’s once it is closed', async () => {
    for (const hasNote of [true, false]) {
      const { supply, refill, takeAll, asked } = open();
      refill(1);
      await pass(0);
      if (hasNote) supply.giveUp({ number: 9, at: 0 });
      supply.close();
      supply.sent({ number: 1, at: 100 }, 200);
      await pass(500);
      expect(takeAll()).toEqual([]);
      expect(asked).toHaveLength(1);
    }
  });
});
