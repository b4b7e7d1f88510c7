import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { LeaseStore } from '../../src/account/lease-store.ts';
import { takeLease } from '../../src/queue/lease.ts';

/** A store that always grants, and renews when the test lets it. */
function createStore() {
  const renewals: ((isOurs: boolean) => void)[] = [];
  let noteRenewal = () => {};
  let held: string | undefined;
  const leases: LeaseStore = {
    holder: async () => held,
    async acquire({ holder }) {
      held = holder;
      return { epoch: 1 };
    },
    renew: () =>
      new Promise((resolve) => {
        renewals.push(resolve);
        noteRenewal();
      }),
    release: async () => undefined,
  };
  const asked = () =>
    new Promise<'asked'>((resolve) => {
      noteRenewal = () => resolve('asked');
    });
  const wipe = () => {
    held = undefined;
  };
  return { leases, renewals, asked, wipe };
}

async function keptLease(durationInMs: number, options: { endsWithLapse?: boolean } = {}) {
  const store = createStore();
  const { leases } = store;
  const lease = await takeLease({ leases, key: 'run-a', holder: 'one:1:1', durationInMs, ...options });
  if (!lease) throw new Error('not taken');
  const ended = new AbortController();
  onTestFinished(() => ended.abort());
  return { ...store, lease, keep: () => lease.keep(ended.signal) };
}

/** To be set; the clock on the wall, which never stands still, is out of it. */
function steadyClock() {
  const wall = vi.spyOn(Date, 'now').mockReturnValue(0);
  const steady = vi.spyOn(performance, 'now');
  onTestFinished(() => {
    wall.mockRestore();
    steady.mockRestore();
  });
  return steady;
}

describe('a lease by its own clock', () => {
  it('is not fresh any more where the machine slept, and the steady clock with it', async () => {
    const durationInMs = 60_000;
    const { lease } = await keptLease(durationInMs);
    expect(lease.isFresh()).toBe(true);
    const wokenAt = Date.now() + durationInMs;
    const clock = vi.spyOn(Date, 'now').mockReturnValue(wokenAt);
    onTestFinished(() => clock.mockRestore());
    expect(lease.isFresh()).toBe(false);
  });

  it('is renewed four times in its length: before half of it is over, and not at once', async () => {
    const durationInMs = 800;
    const { keep, asked } = await keptLease(durationInMs);
    const renewal = asked();
    void keep();
    // Timers come in their order, however busy the machine is.
    expect(await Promise.race([renewal, delay(durationInMs / 8, 'not yet')])).toBe('not yet');
    expect(await Promise.race([renewal, delay(durationInMs / 2 - durationInMs / 8, 'too late')])).toBe(
      'asked',
    );
  });

  it('counts from when a renewal was asked for, not from when it was answered', async () => {
    const durationInMs = 200;
    const { lease, keep, asked, renewals } = await keptLease(durationInMs);
    const clock = steadyClock();
    const start = performance.now();
    clock.mockReturnValue(start);
    const first = asked();
    const kept = keep();
    await first;
    // The store takes its time: others count from its answer at the latest, this process from its question.
    clock.mockReturnValue(start + 150);
    const second = asked();
    renewals[0]?.(true);
    await second;
    clock.mockReturnValue(start + durationInMs - 1);
    expect(lease.isFresh()).toBe(true);
    clock.mockReturnValue(start + durationInMs);
    expect(lease.isFresh()).toBe(false);
    renewals[1]?.(true);
    await asked();
    // That one was asked for at 150.
    clock.mockReturnValue(start + 150 + durationInMs - 1);
    expect(lease.isFresh()).toBe(true);
    clock.mockReturnValue(start + 150 + durationInMs);
    expect(lease.isFresh()).toBe(false);
    renewals[2]?.(false);
    await kept;
  });

  it('that slept is fresh again once it is renewed, and who waits for that goes on', async () => {
    const { lease, keep, asked, renewals } = await keptLease(200);
    const clock = steadyClock();
    const start = performance.now();
    clock.mockReturnValue(start + 10_000);
    const waiting = lease.fresh(new AbortController().signal).then(() => 'fresh');
    const renewal = asked();
    void keep();
    await renewal;
    expect(await Promise.race([waiting, delay(250, 'waits')])).toBe('waits');
    renewals[0]?.(true);
    expect(await waiting).toBe('fresh');
  });

  it.each([199, 200])('that ends with its lapse is lost %d ms after it was renewed', async (sleptInMs) => {
    const durationInMs = 200;
    const clock = steadyClock();
    const start = performance.now();
    clock.mockReturnValue(start);
    const { lease, keep, asked, renewals } = await keptLease(durationInMs, { endsWithLapse: true });
    const first = asked();
    const kept = keep().then(() => 'lost');
    await first;
    clock.mockReturnValue(start + sleptInMs);
    const second = asked();
    renewals[0]?.(true);
    expect(await Promise.race([kept, second])).toBe(sleptInMs < durationInMs ? 'asked' : 'lost');
    expect(lease.isFresh()).toBe(sleptInMs < durationInMs);
  });

  it.each([false, true])(
    'is lost where the store has forgotten it, if it ends with its lapse: %s',
    async (endsWithLapse) => {
      const { keep, asked, wipe } = await keptLease(200, { endsWithLapse });
      wipe();
      const renewal = asked();
      const kept = keep().then(() => 'lost');
      expect(await Promise.race([kept, renewal])).toBe(endsWithLapse ? 'lost' : 'asked');
    },
  );

  it('is fresh for some time more or not', async () => {
    const clock = steadyClock();
    const start = performance.now();
    clock.mockReturnValue(start);
    const { lease } = await keptLease(200);
    clock.mockReturnValue(start + 100);
    expect([99, 100].map((inMs) => lease.isFresh(inMs))).toEqual([true, false]);
  });
});
