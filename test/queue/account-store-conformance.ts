import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { pauseByUser } from '../../src/account/account-pause.ts';
import { processSeen } from '../../src/account/account-state.ts';
import type { AccountStore, ReserveRequest } from '../../src/account/account-store.ts';
import { createMemoryAccountStore } from '../account/memory-account-store.ts';

/** Ten calls in 100 ms, evenly 10 ms apart. */
const spacing = { calls: 10, windowInMs: 100, evenInMs: 10, fastInMs: 8 };
/** More than others are told, so that many fit into a second. */
const dense = { calls: 10, windowInMs: 50, evenInMs: 5, fastInMs: 4 };
/** No window to speak of: each slot `evenInMs` after the last. */
const single = { calls: 1, windowInMs: 1, evenInMs: 10, fastInMs: 1 };

// Where one request follows another, the slots between them lie so far apart that they are still to come when a busy
// machine gets to it; further ahead than a second no store looks.
const farApart = { calls: 1, windowInMs: 1, evenInMs: 190, fastInMs: 1 };
const wide = { calls: 10, windowInMs: 900, evenInMs: 90, fastInMs: 72 };
const long = { calls: 10, windowInMs: 400, evenInMs: 40, fastInMs: 32 };

let accounts = 0;

/** What every account store does. `other` is a second process's view of the same store. */
export function accountStoreConformance(
  open: () => {
    store: AccountStore;
    other: AccountStore;
    /** What the store remembers of an account's calls is later by so much: its clock was set back. */
    setBack: (account: string, byInMs: number) => Promise<void>;
  },
): void {
  const newAccount = () => `account-${process.pid}-${++accounts}`;

  /** An account whose first second has passed, and how it gives slots. */
  async function openAccount() {
    const account = newAccount();
    const { store, other, setBack } = open();
    const reserve = (request: Partial<ReserveRequest> = {}, by = store) =>
      by.reserve({ account, slots: 1, spacing, aheadInMs: 50, notes: [], ...request });
    await reserve({ slots: 0 });
    await delay(1010);
    return { account, store, other, reserve, setBack: (byInMs: number) => setBack(account, byInMs) };
  }

  describe('slots', () => {
    it('begin a second after an account is first heard of', async () => {
      const { store } = open();
      const account = newAccount();
      const { now: unheardOfAt } = await store.read(newAccount());
      await store.change(account, pauseByUser);
      const first = await store.reserve({ account, slots: 5, spacing, aheadInMs: 50, notes: [] });
      expect(first).toMatchObject({ slots: [], nextNumber: 1 });
      const firstAt = first.now + first.retryInMs + 50;
      expect(firstAt - unheardOfAt).toBeGreaterThan(999);
      expect(firstAt - first.now).toBeLessThan(1000.1);
      const seen = await store.reserve({ account, slots: 1, spacing, aheadInMs: 2000, notes: [] });
      expect(seen).toMatchObject({ slots: [{ number: 1 }], nextNumber: 2, retryInMs: 0 });
      expect(seen.slots[0]?.at).toBeCloseTo(firstAt, 1);
    });

    it('are as many as were asked for, and none further than was allowed', async () => {
      const { reserve } = await openAccount();
      const ahead = { spacing: farApart, aheadInMs: 950 };
      const few = await reserve({ slots: 2, ...ahead });
      expect(few.slots.map((slot) => slot.number)).toEqual([1, 2]);
      expect(few.slots[0]?.at).toBeCloseTo(few.now, 1);
      const many = await reserve({ slots: 100, ...ahead });
      expect(many.slots[0]).toMatchObject({ number: 3 });
      expect(many.slots.at(-1)?.at).toBeLessThanOrEqual(many.now + 950);
      expect(many.slots.at(-1)?.at).toBeGreaterThan(many.now + 759.9);
      expect(many.nextNumber).toBe(3 + many.slots.length);
      const none = await reserve({ spacing: farApart, aheadInMs: 1 });
      expect(none.slots).toEqual([]);
      const nextAt = (many.slots.at(-1)?.at ?? 0) + 190;
      expect(none.retryInMs).toBeCloseTo(nextAt - none.now - 1, 1);
    });

    it('are never more in a window than its calls, whoever asks, however many ask at once', async () => {
      const { reserve, store, other } = await openAccount();
      const asked = Array.from({ length: 60 }, (_, place) =>
        reserve({ slots: 1 + (place % 4), spacing: dense, aheadInMs: 900 }, place % 2 ? store : other),
      );
      const reservations = await Promise.all(asked);
      const slots = reservations.flatMap((reservation) => reservation.slots);
      slots.sort((a, b) => a.number - b.number);
      expect(slots).toHaveLength(150);
      expect(slots.map((slot) => slot.number)).toEqual(slots.map((_, place) => place + 1));
      for (const [place, slot] of slots.entries()) {
        expect((slots[place + 10]?.at ?? Number.POSITIVE_INFINITY) - slot.at).toBeGreaterThanOrEqual(49.99);
        expect((slots[place + 1]?.at ?? Number.POSITIVE_INFINITY) - slot.at).toBeGreaterThanOrEqual(3.99);
      }
      const spanInMs = (slots[149]?.at ?? 0) - (slots[0]?.at ?? 0);
      // None is left out, but for time in which nobody asked.
      const askedAt = reservations.map(({ now }) => now);
      expect(spanInMs).toBeLessThan(150 * 5 + Math.max(...askedAt) - Math.min(...askedAt) + 50);
    });

    it('give what the model of the rule gives', async () => {
      let modelNow = 0;
      const model = createMemoryAccountStore(() => modelNow);
      await model.reserve({ account: '', slots: 0, spacing, aheadInMs: 0, notes: [] });
      modelNow = 2000;
      const { reserve } = await openAccount();
      const notes = [
        { number: 5, sentAt: undefined },
        { number: 7, sentAt: undefined },
        { number: 99, sentAt: undefined },
      ];
      const few = { calls: 3, windowInMs: 50, evenInMs: 16, fastInMs: 15 };
      const steps = [
        { slots: 12, notes: [] },
        { slots: 30, notes },
        { slots: 9, spacing: few, notes: [] },
        { slots: 9, spacing: dense, notes: [{ number: 42, sentAt: undefined }] },
      ];
      const times = [];
      const expected = [];
      let begunAt: number | undefined;
      for (const step of steps) {
        const request = { spacing, aheadInMs: 900, ...step };
        const reserved = await reserve(request);
        times.push(...reserved.slots.map((slot) => slot.at));
        begunAt ??= reserved.now;
        modelNow = 2000 + reserved.now - begunAt;
        expected.push(...(await model.reserve({ account: '', ...request })).slots.map((slot) => slot.at));
      }
      const since = (all: number[]) => all.map((at) => Math.round((at - (all[0] ?? 0)) * 10) / 10);
      expect(times.length).toBe(60);
      for (const [place, at] of since(times).entries())
        expect(at).toBeCloseTo(since(expected)[place] ?? 0, 0);
    });

    it('are never more in a window than its calls at the highest rate that settings take, either', async () => {
      const { reserve } = await openAccount();
      const crowded = { calls: 10_000, windowInMs: 60_000, evenInMs: 0.05, fastInMs: 0.04 };
      const { slots } = await reserve({ slots: 10_000, spacing: crowded, aheadInMs: 900 });
      expect(slots).toHaveLength(10_000);
      const next = await reserve({ spacing: crowded, aheadInMs: 900 });
      expect(next.slots).toEqual([]);
      expect(next.now + next.retryInMs + 900).toBeCloseTo((slots[0]?.at ?? 0) + 60_000, 1);
    });

    it('are not saved up while nobody asks', async () => {
      const { reserve } = await openAccount();
      await reserve();
      await delay(200);
      const late = await reserve({ slots: 3, spacing: single });
      expect(late.slots[0]?.at).toBeCloseTo(late.now, 1);
      expect((late.slots[1]?.at ?? 0) - late.now).toBeGreaterThanOrEqual(9.9);
    });
  });

  describe('notes', () => {
    it('of a late call hold the slots back that would be too many with it', async () => {
      const { reserve, other } = await openAccount();
      const { slots } = await reserve({ slots: 10, spacing: wide, aheadInMs: 900 });
      const last = slots.at(-1)?.at ?? 0;
      const lateAt = (slots[0]?.at ?? 0) + 540;
      await reserve(
        {
          slots: 0,
          spacing: wide,
          notes: slots.map(({ number, at }) => ({ number, sentAt: Math.max(at, lateAt) })),
        },
        other,
      );
      const next = await reserve({ spacing: wide, aheadInMs: 2000 });
      expect(next.slots[0]?.at).toBeCloseTo(Math.max(lateAt + 900, last + 72), 1);
    });

    it('of a slot that was not used let somebody else have it', async () => {
      const { reserve, other } = await openAccount();
      const { slots } = await reserve({ slots: 20, spacing: long, aheadInMs: 900 });
      const last = slots.at(-1)?.at ?? 0;
      const notes = slots.slice(12, 14).map(({ number }) => ({ number, sentAt: undefined }));
      const next = await reserve({ slots: 20, spacing: long, notes, aheadInMs: 2000 }, other);
      const gaps = next.slots.map(({ at }, place) => Math.round(at - (next.slots[place - 1]?.at ?? last)));
      expect(gaps.slice(0, 4)).toEqual([32, 32, 32, 32]);
    });

    it('of unknown slots are passed over', async () => {
      const { reserve } = await openAccount();
      const unknown = [0, 5, 1e9].map((number) => ({ number, sentAt: number === 5 ? undefined : 1 }));
      const next = await reserve({ notes: unknown });
      expect(next.slots).toMatchObject([{ number: 1 }]);
    });
  });

  describe('postpone', () => {
    it('gives no slot before a time, and brings none forward', async () => {
      const { account, store, other, reserve } = await openAccount();
      const { now } = await store.read(account);
      await other.postpone({ account, until: now + 5_000 });
      await store.postpone({ account, until: now + 1_000 });
      const next = await reserve({ aheadInMs: 10_000 });
      expect(next.slots[0]?.at).toBeCloseTo(now + 5_000, 1);
    });

    it('holds for five minutes at most, should the clock have been set back', async () => {
      const { account, store, reserve } = await openAccount();
      const { now } = await store.read(account);
      await store.postpone({ account, until: now + 3_600_000 });
      const next = await reserve({ aheadInMs: 0 });
      expect(next.retryInMs).toBeCloseTo(300_000, 0);
    });
  });

  describe('a clock that was set back', () => {
    it('by an hour takes the line of slots back with it, and late notes of calls by the clock of before', async () => {
      const { reserve, setBack } = await openAccount();
      const { slots } = await reserve({ slots: 10, spacing: dense, aheadInMs: 900 });
      await setBack(3_600_000);
      const waiting = await reserve({ slots: 10, spacing: long });
      expect(waiting.slots).toEqual([]);
      // The last of the ten counts as of now, the first is 45 ms older.
      const nextAt = waiting.now + waiting.retryInMs + 50;
      expect(nextAt - waiting.now).toBeCloseTo(400 - 45, 1);
      const notes = slots.map(({ number, at }) => ({ number, sentAt: at + 3_600_000 }));
      const late = await reserve({ slots: 10, spacing: long, aheadInMs: 0, notes });
      expect(late.retryInMs).toBeCloseTo(1000 + 400, 1);
      const ahead = await reserve({ slots: 10, spacing: long, aheadInMs: 2000 });
      expect(ahead.slots[0]?.at).toBeCloseTo(late.now + 1000 + 400, 1);
      expect(ahead.slots).toHaveLength(10);
    });

    it('by an hour holds what was postponed no longer than it was asked for', async () => {
      const { account, store, reserve, setBack } = await openAccount();
      const { slots } = await reserve();
      const until = (slots[0]?.at ?? 0) + 60_000;
      await store.postpone({ account, until });
      await setBack(3_600_000);
      const first = await reserve({ aheadInMs: 0 });
      expect(first.retryInMs).toBeCloseTo(60_000, 1);
      const later = await reserve({ aheadInMs: 0 });
      expect(later.now + later.retryInMs).toBeCloseTo(first.now + 60_000, 1);
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
      const reserved = await other.reserve({ account, slots: 1, spacing, aheadInMs: 0, notes: [] });
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
