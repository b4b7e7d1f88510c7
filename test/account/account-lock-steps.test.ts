import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type AccountLock, createAccountLock } from '../../src/account/account-lock.ts';
import type { LeaseStore } from '../../src/account/lease-store.ts';
import { createMemoryLeases } from './memory-leases.ts';

/** Steps of the lock on a store in memory; what processes do to each other on real ones is in `account-lock.test.ts`. */
const none = new AbortController().signal;
setMaxListeners(0, none);
const eventually = (holds: () => unknown) => vi.waitFor(holds, { timeout: 30_000, interval: 5 });

function createStore() {
  const asked: string[] = [];
  const store = { asked, fault: undefined as Error | undefined };
  const leases = createMemoryLeases((step, key) => {
    asked.push(`${step} ${key}`);
    if (store.fault) throw store.fault;
  });
  return Object.assign(store, { leases, held: leases.held });
}

describe('the lock of an account', () => {
  const open: AccountLock[] = [];
  const faults: Error[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((lock) => lock.close()));
    faults.length = 0;
  });
  const openLock = ({ leases }: { leases: LeaseStore }, holder = 'a', leaseInMs = 30_000) => {
    const lock = createAccountLock({
      ...{ leases, account: 'acc', holder, leaseInMs },
      onError: (error) => void faults.push(error),
    });
    open.push(lock);
    return lock;
  };

  it('is held for one photo after the other, under one lease, and given back after the last', async () => {
    const store = createStore();
    const lock = openLock(store);
    const order: number[] = [];
    let inTurn = 0;
    const all = [1, 2, 3].map(async (photo) => {
      const hold = await lock.acquire(none);
      inTurn += 1;
      expect([inTurn, hold.isHeld()]).toEqual([1, true]);
      order.push(photo);
      await delay(5);
      inTurn -= 1;
      hold.release();
    });
    await Promise.all(all);
    await eventually(() => expect([...store.held.keys()]).toEqual([]));
    expect(order).toEqual([1, 2, 3]);
    expect(store.asked.filter((what) => what === 'acquire turn-acc')).toHaveLength(1);
    expect(store.asked).toContain('release turn-acc-next');
    // And taken anew for one that comes later.
    (await lock.acquire(none)).release();
    expect(store.asked.filter((what) => what === 'acquire turn-acc')).toHaveLength(2);
    expect(faults).toEqual([]);
  });

  it('passes to another process that waits, after half a second', async () => {
    const store = createStore();
    const [first, second] = [openLock(store, 'a'), openLock(store, 'b')];
    const served: string[] = [];
    const work = (lock: AccountLock, name: string) =>
      Promise.all(
        Array.from({ length: 20 }, async () => {
          const hold = await lock.acquire(none);
          served.push(name);
          await delay(40);
          hold.release();
        }),
      );
    await Promise.all([work(first, 'a'), work(second, 'b')]);
    const turns = served.filter((name, index) => name !== served[index - 1]).length;
    expect(served.filter((name) => name === 'a')).toHaveLength(20);
    expect(turns).toBeGreaterThan(2);
    // Not with each photo: the other asks for it, and nobody gives it up sooner.
    expect(turns).toBeLessThan(20);
  });

  it('is waited for until the photo leaves or the lock is closed', async () => {
    const store = createStore();
    const lock = openLock(store);
    const leaving = new AbortController();
    const hold = await lock.acquire(none);
    const gone = lock.acquire(leaving.signal);
    const next = lock.acquire(none);
    leaving.abort(new Error('drained'));
    await expect(gone).rejects.toThrow('drained');
    await expect(lock.acquire(leaving.signal)).rejects.toThrow('drained');
    hold.release();
    const held = await next;
    const waiting = lock.acquire(none);
    const closed = lock.close();
    await expect(waiting).rejects.toThrow('the account lock was closed');
    await expect(lock.acquire(none)).rejects.toThrow('the account lock was closed');
    held.release();
    await closed;
    expect([...store.held.keys()]).toEqual([]);
  });

  it('asks for nothing more once nobody waits', async () => {
    const store = createStore();
    const holding = openLock(store, 'a');
    const hold = await holding.acquire(none);
    const other = openLock(store, 'b');
    const leaving = new AbortController();
    const waiting = other.acquire(leaving.signal);
    await eventually(() => expect(store.held.get('turn-acc-next')?.holder).toBe('b'));
    leaving.abort(new Error('drained'));
    await expect(waiting).rejects.toThrow('drained');
    await eventually(() => expect(store.held.has('turn-acc-next')).toBe(false));
    hold.release();
  });

  it('is renewed for as long as it is held, and not relied on once a renewal is refused', async () => {
    const store = createStore();
    const lock = openLock(store, 'a', 200);
    const hold = await lock.acquire(none);
    const renewals = () => store.asked.filter((what) => what === 'renew turn-acc').length;
    await eventually(() => expect(renewals()).toBeGreaterThan(5));
    expect(hold.isHeld()).toBe(true);
    store.held.set('turn-acc', { holder: 'another', epoch: 99, until: performance.now() + 30_000 });
    await eventually(() => expect(hold.isHeld()).toBe(false));
    hold.release();
    await delay(20);
    expect(store.held.get('turn-acc')?.holder).toBe('another');
    const after = renewals();
    await delay(120);
    expect(renewals()).toBe(after);
  });

  it('is not relied on in the last sixth of a lease that nobody could renew, but is when it was renewed again', async () => {
    const store = createStore();
    const lock = openLock(store, 'a', 300);
    const hold = await lock.acquire(none);
    store.fault = new Error('away');
    await eventually(() => expect(hold.isHeld()).toBe(false));
    const lease = store.held.get('turn-acc');
    // It ends before the store would give it to another.
    expect(lease && lease.until - performance.now()).toBeGreaterThan(-300);
    expect(faults.at(-1)?.message).toBe('away');
    store.fault = undefined;
    store.held.set('turn-acc', { holder: 'a', epoch: lease?.epoch ?? 0, until: performance.now() + 300 });
    await eventually(() => expect(hold.isHeld()).toBe(true));
    hold.release();
  });

  it('outlasts a store that does not answer, and says so', async () => {
    const store = createStore();
    store.fault = new Error('away');
    const lock = openLock(store);
    const waiting = lock.acquire(none);
    await eventually(() => expect(faults.length).toBeGreaterThan(0));
    store.fault = undefined;
    (await waiting).release();
    await eventually(() => expect([...store.held.keys()]).toEqual([]));
  });
});
