import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { pauseByUser } from '../../src/gate/account-pause.ts';
import { processSeen } from '../../src/gate/account-rates.ts';
import type { AccountStore, Reservation } from '../../src/gate/account-store.ts';

let accounts = 0;

/** What every account store does. `other` is a second process's view of the same store. */
export function accountStoreConformance(open: () => { store: AccountStore; other: AccountStore }): void {
  const newAccount = () => `account-${process.pid}-${++accounts}`;

  /** An account whose first second has passed. */
  async function openAccount() {
    const account = newAccount();
    const { store, other } = open();
    await store.reserve({ account, slots: 1, intervalInMs: 1, aheadInMs: 0 });
    await delay(1010);
    return { account, store, other };
  }

  describe('slots', () => {
    it('begin a second after an account is first heard of', async () => {
      const { store } = open();
      const account = newAccount();
      await store.change(account, (state, now) => pauseByUser(state, now));
      const first = await store.reserve({ account, slots: 5, intervalInMs: 10, aheadInMs: 50 });
      expect(first).toMatchObject({ granted: 0, firstNumber: 1 });
      expect(first.retryInMs).toBeGreaterThan(700);
      expect(first.retryInMs).toBeLessThanOrEqual(950);
      const seen = await store.reserve({ account, slots: 5, intervalInMs: 10, aheadInMs: 2000 });
      expect(seen).toMatchObject({ granted: 5, firstNumber: 1, retryInMs: 0 });
      expect(seen.firstAt).toBeCloseTo(first.firstAt, 1);
    });

    it('are as many as were asked for, and none further than was allowed', async () => {
      const { account, store } = await openAccount();
      const few = await store.reserve({ account, slots: 2, intervalInMs: 10, aheadInMs: 50 });
      expect(few).toMatchObject({ granted: 2, firstNumber: 1 });
      expect(few.firstAt).toBeCloseTo(few.now, 0);
      const many = await store.reserve({ account, slots: 100, intervalInMs: 10, aheadInMs: 50 });
      expect(many.firstNumber).toBe(3);
      expect(many.firstAt).toBeCloseTo(few.firstAt + 20, 2);
      expect(many.firstAt + (many.granted - 1) * 10).toBeLessThanOrEqual(many.now + 50);
      expect(many.firstAt + many.granted * 10).toBeGreaterThan(many.now + 50);
      const none = await store.reserve({ account, slots: 1, intervalInMs: 10, aheadInMs: 1 });
      expect(none.granted).toBe(0);
      expect(none.retryInMs).toBeCloseTo(none.firstAt - none.now - 1, 2);
    });

    it('never lie closer than one interval, whoever asks, however many ask at once', async () => {
      const { account, store, other } = await openAccount();
      const asked = Array.from({ length: 60 }, (_, place) =>
        (place % 2 ? store : other).reserve({
          account,
          slots: 1 + (place % 4),
          intervalInMs: 3,
          aheadInMs: 1000,
        }),
      );
      const slots = (await Promise.all(asked)).flatMap((reservation) => slotsOf(reservation, 3));
      slots.sort((a, b) => a.number - b.number);
      expect(slots.map((slot) => slot.number)).toEqual(slots.map((_, place) => place + 1));
      for (const [place, slot] of slots.entries()) {
        const next = slots[place + 1];
        if (next) expect(next.at - slot.at).toBeGreaterThanOrEqual(2.99);
      }
    });

    it('keep the longer interval when it changes', async () => {
      const { account, store } = await openAccount();
      const first = await store.reserve({ account, slots: 1, intervalInMs: 10, aheadInMs: 50 });
      const next = await store.reserve({ account, slots: 1, intervalInMs: 40, aheadInMs: 50 });
      expect(next.firstAt - first.firstAt).toBeGreaterThanOrEqual(39.99);
    });

    it('are not saved up while nobody asks', async () => {
      const { account, store } = await openAccount();
      await store.reserve({ account, slots: 1, intervalInMs: 10, aheadInMs: 50 });
      await delay(200);
      const late = await store.reserve({ account, slots: 1, intervalInMs: 10, aheadInMs: 50 });
      expect(late.firstAt).toBeCloseTo(late.now, 0);
    });
  });

  describe('postpone', () => {
    it('gives no slot before a time', async () => {
      const { account, store, other } = await openAccount();
      const { now } = await store.read(account);
      await other.postpone({ account, until: now + 500 });
      await store.postpone({ account, until: now + 100 });
      const next = await store.reserve({ account, slots: 1, intervalInMs: 10, aheadInMs: 1000 });
      expect(next.firstAt).toBeCloseTo(now + 500, 1);
    });

    it('moves the slot of a number, and those before it, by what is needed', async () => {
      const { account, store, other } = await openAccount();
      const before = await store.reserve({ account, slots: 1, intervalInMs: 10, aheadInMs: 50 });
      const until = before.firstAt + 130;
      await other.postpone({ account, until, slot: { number: before.firstNumber + 10, intervalInMs: 10 } });
      const after = await store.reserve({ account, slots: 20, intervalInMs: 10, aheadInMs: 1000 });
      expect(after.firstNumber).toBe(before.firstNumber + 1);
      expect(after.firstAt).toBeCloseTo(before.firstAt + 40, 1);
      expect(slotsOf(after, 10)[9]?.at).toBeCloseTo(until, 1);
    });

    it('never brings a slot forward, and takes the next one for one that was given', async () => {
      const { account, store } = await openAccount();
      const before = await store.reserve({ account, slots: 5, intervalInMs: 10, aheadInMs: 100 });
      await store.postpone({ account, until: before.firstAt + 20, slot: { number: 1000, intervalInMs: 10 } });
      const next = await store.reserve({ account, slots: 1, intervalInMs: 10, aheadInMs: 1000 });
      expect(next.firstAt).toBeGreaterThanOrEqual(before.firstAt + 49.9);
      await store.postpone({ account, until: next.firstAt + 70, slot: { number: 2, intervalInMs: 10 } });
      const last = await store.reserve({ account, slots: 1, intervalInMs: 10, aheadInMs: 1000 });
      expect(last.firstAt).toBeCloseTo(next.firstAt + 70, 1);
    });
  });

  describe('state', () => {
    it('is fresh at first, and seen by all', async () => {
      const account = newAccount();
      const { store, other } = open();
      expect((await store.read(account)).state).toMatchObject({ rates: {}, pause: null });
      const { state } = await store.change(account, pauseByUser);
      expect(state.pause?.reason).toBe('user');
      expect((await other.read(account)).state).toEqual(state);
      const reserved = await other.reserve({ account, slots: 1, intervalInMs: 10, aheadInMs: 0 });
      expect(reserved.state).toEqual(state);
    });

    it('keeps accounts apart', async () => {
      const { store } = open();
      await store.change(newAccount(), pauseByUser);
      expect((await store.read(newAccount())).state.pause).toBeNull();
    });

    it('loses no change when many are made at once', async () => {
      const account = newAccount();
      const { store, other } = open();
      const names = Array.from({ length: 20 }, (_, place) => `process-${place}`);
      await Promise.all(
        names.map((processName, place) =>
          (place % 2 ? store : other).change(account, (state, now) =>
            processSeen(state, { processName, ratePerSecond: 10 }, now),
          ),
        ),
      );
      expect(Object.keys((await store.read(account)).state.rates).sort()).toEqual(names.sort());
    });

    it('writes nothing when nothing changes, and any text as it is', async () => {
      const account = newAccount();
      const { store } = open();
      const message = 'a NUL \u0000, half a pair \ud83d, quotes " and \\';
      await store.change(account, (state, now) => ({
        ...state,
        pause: { reason: 'user', message, since: now },
      }));
      const { state } = await store.change(account, (before) => before);
      expect(state.pause?.message).toBe(message);
    });
  });
}

function slotsOf(reservation: Reservation, intervalInMs: number): { number: number; at: number }[] {
  return Array.from({ length: reservation.granted }, (_, place) => ({
    number: reservation.firstNumber + place,
    at: reservation.firstAt + place * intervalInMs,
  }));
}
