import { setTimeout as delay } from 'node:timers/promises';
import { withinTime } from '../util/time-limit.ts';
import type { LeaseStore } from './lease-store.ts';
import { type Waiter, waitForGrant } from './wait-queue.ts';

/**
 * So long the lock outlives a process that held it: no less, even where that process is known to be dead, since its last
 * call may still be on the way to the engine.
 */
const usualLeaseInMs = 6_000;
const renewalsPerLease = 4;
/** Past this share of it a lease is not relied on: so a call that is begun leaves before the lease ends. */
const reliableShare = 5 / 6;
/** How often the process that is next, and every other one, asks. */
const nextLooksEveryInMs = 40;
const otherLooksEveryInMs = 200;
/** While another process waits. */
const longestHoldInMs = 500;
const afterFaultInMs = 500;
const longestFarewellInMs = 1_000;

/** The lock, held for one photo: no other photo of the account is between its identification and its enrollment. */
export interface HeldAccountLock {
  /** False once another process may hold it: this one was frozen, or the store was away for too long. */
  isHeld(): boolean;
  release(): void;
}

export interface AccountLock {
  /** Waits for the lock. @throws the signal's reason when aborted */
  acquire(signal: AbortSignal): Promise<HeldAccountLock>;
  close(): Promise<void>;
}

/**
 * The lock of one account, over all processes on the same queue, for one run's photos in this process. States:
 *   idle --a photo waits--> asking --lease granted--> holding --no photo waits, or another process does--> idle
 * A process that asks takes a second lease first, that of being next: it tells the holder that another process waits, and
 * so processes alternate. The lock is held for one photo at a time; the lease lasts for as many as wait here, half a
 * second at most while another process waits.
 */
export function createAccountLock(options: {
  leases: LeaseStore;
  account: string;
  /** Unique among all that ever ask. */
  holder: string;
  onError: (error: Error) => void;
  readonly leaseInMs?: number;
}): AccountLock {
  const { leases, account, holder, onError, leaseInMs = usualLeaseInMs } = options;
  // The keys keep their former name: workers of an earlier version may share the queue.
  const [lockKey, nextKey] = [`turn-${account}`, `turn-${account}-next`];
  const waiters: Waiter<HeldAccountLock>[] = [];
  const closing = new AbortController();
  let serving: Promise<void> | undefined;

  const pause = (ms: number) => delay(ms, undefined, { signal: closing.signal }).catch(() => {});

  /** undefined: the store did not answer; that was reported, and some time has passed. */
  async function attempt<Result>(action: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await action();
    } catch (error) {
      onError(error as Error);
      await pause(afterFaultInMs);
      return undefined;
    }
  }

  /** The epoch of the lease, or undefined if another holds it. */
  async function acquireLease(key: string): Promise<number | undefined> {
    const taken = await attempt(() => leases.acquire({ key, holder, durationInMs: leaseInMs, minEpoch: 0 }));
    return taken && 'epoch' in taken ? taken.epoch : undefined;
  }

  const releaseLease = (key: string, epoch: number) => attempt(() => leases.release({ key, holder, epoch }));

  const isWanted = () => waiters.length > 0 && !closing.signal.aborted;

  /** undefined: no photo waits here any more. */
  async function ask(): Promise<{ epoch: number; askedAt: number } | undefined> {
    let next: number | undefined;
    try {
      while (isWanted()) {
        next = await acquireLease(nextKey);
        const askedAt = performance.now();
        const epoch = next === undefined ? undefined : await acquireLease(lockKey);
        if (epoch !== undefined) return { epoch, askedAt };
        await pause(next === undefined ? otherLooksEveryInMs : nextLooksEveryInMs);
      }
      return undefined;
    } finally {
      if (next !== undefined) await releaseLease(nextKey, next);
    }
  }

  /** Renews the lease until it is stopped. */
  function keep({ epoch, askedAt }: { epoch: number; askedAt: number }) {
    let renewedAt = askedAt;
    let isLost = false;
    let isAsking = false;
    const renew = async () => {
      if (isAsking) return;
      isAsking = true;
      const sentAt = performance.now();
      try {
        const isOurs = await leases.renew({ key: lockKey, holder, epoch, durationInMs: leaseInMs });
        if (isOurs) renewedAt = sentAt;
        else isLost = true;
      } catch (error) {
        onError(error as Error);
      } finally {
        isAsking = false;
      }
    };
    const timer = setInterval(() => void renew(), leaseInMs / renewalsPerLease);
    return {
      isHeld: () => !isLost && performance.now() - renewedAt < leaseInMs * reliableShare,
      stop: () => clearInterval(timer),
    };
  }

  async function hold(lease: { epoch: number; askedAt: number }): Promise<void> {
    const { isHeld, stop } = keep(lease);
    const isOver = async () =>
      performance.now() - lease.askedAt > longestHoldInMs &&
      (await attempt(() => leases.holder(nextKey))) !== undefined;
    try {
      while (isWanted() && isHeld()) {
        await new Promise<void>((release) => waiters.shift()?.grant({ isHeld, release }));
        if (isWanted() && (await isOver())) break;
      }
    } finally {
      stop();
      await releaseLease(lockKey, lease.epoch);
    }
  }

  async function serve(): Promise<void> {
    while (isWanted()) {
      const lease = await ask();
      if (lease) await hold(lease);
    }
  }

  function begin(): void {
    serving ??= serve().finally(() => {
      serving = undefined;
      if (isWanted()) begin();
    });
  }

  return {
    async acquire(signal) {
      signal.throwIfAborted();
      if (closing.signal.aborted) throw new Error('the account lock was closed');
      return await waitForGrant<HeldAccountLock>({
        signal,
        join(waiter) {
          waiters.push(waiter);
          begin();
        },
        leave(waiter) {
          const place = waiters.indexOf(waiter);
          if (place >= 0) waiters.splice(place, 1);
        },
      });
    },
    async close() {
      closing.abort();
      for (const waiter of waiters.splice(0)) waiter.refuse(new Error('the account lock was closed'));
      // A store that is away may never answer.
      if (serving) await withinTime(serving, { limitInMs: longestFarewellInMs, whenLate: () => undefined });
    },
  };
}
