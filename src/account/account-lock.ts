import { setTimeout as delay } from 'node:timers/promises';
import { withinTime } from '../util/time-limit.ts';
import type { LeaseStore } from './lease-store.ts';
import { type Waiter, waitInLine } from './wait-in-line.ts';

/**
 * For so long a turn outlives the process that had it: no less, also where that process is known to be dead, since what
 * it sent last may be on its way to the engine.
 */
const usualLeaseInMs = 6_000;
const renewalsPerLease = 4;
/** Behind this part of it a lease is not relied on: a call that is begun then has left in time. */
const reliableShare = 5 / 6;
/** How often whoever is next, and whoever is not, asks. */
const nextLooksEveryInMs = 40;
const otherLooksEveryInMs = 200;
/** While another process waits. */
const longestHoldInMs = 500;
const afterFaultInMs = 500;
const longestFarewellInMs = 1_000;

/** The right to be the one photo of an account that is between its identification and its enrollment. */
export interface AccountLockHold {
  /** False once another process may have it: this one was frozen, or the store was away for too long. */
  isHeld(): boolean;
  /** Gives it on. */
  end(): void;
}

export interface AccountLock {
  /** Waits for the account's turn. @throws the signal's reason when aborted */
  take(signal: AbortSignal): Promise<AccountLockHold>;
  close(): Promise<void>;
}

/**
 * The turns of one account, over all processes on the same queue, for one run's photos in this process. States:
 *   idle --somebody waits--> asking --lease granted--> holding --nobody waits, or another process does--> idle
 * Who asks takes a second lease first, that of being next: by it the holder knows that somebody waits, and so
 * processes are served in turn. A turn lasts for a photo; the lease lasts for as many as wait here, half a second at
 * most while another process waits.
 */
export function createAccountLock(options: {
  leases: LeaseStore;
  account: string;
  /** Tells this from all others that ever ask. */
  holder: string;
  onError: (error: Error) => void;
  readonly leaseInMs?: number;
}): AccountLock {
  const { leases, account, holder, onError, leaseInMs = usualLeaseInMs } = options;
  const [turnKey, nextKey] = [`turn-${account}`, `turn-${account}-next`];
  const line: Waiter<AccountLockHold>[] = [];
  const closing = new AbortController();
  let serving: Promise<void> | undefined;

  const pause = (ms: number) => delay(ms, undefined, { signal: closing.signal }).catch(() => {});

  /** undefined: the store did not answer; that was told, and some time has passed. */
  async function attempt<Result>(action: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await action();
    } catch (error) {
      onError(error as Error);
      await pause(afterFaultInMs);
      return undefined;
    }
  }

  /** The epoch of the lease, or undefined if it is another's. */
  async function acquire(key: string): Promise<number | undefined> {
    const taken = await attempt(() => leases.acquire({ key, holder, durationInMs: leaseInMs, minEpoch: 0 }));
    return taken && 'epoch' in taken ? taken.epoch : undefined;
  }

  const release = (key: string, epoch: number) => attempt(() => leases.release({ key, holder, epoch }));

  const isWanted = () => line.length > 0 && !closing.signal.aborted;

  /** undefined: nobody here waits any more. */
  async function ask(): Promise<{ epoch: number; askedAt: number } | undefined> {
    let next: number | undefined;
    try {
      while (isWanted()) {
        next = await acquire(nextKey);
        const askedAt = performance.now();
        const epoch = next === undefined ? undefined : await acquire(turnKey);
        if (epoch !== undefined) return { epoch, askedAt };
        await pause(next === undefined ? otherLooksEveryInMs : nextLooksEveryInMs);
      }
      return undefined;
    } finally {
      if (next !== undefined) await release(nextKey, next);
    }
  }

  /** Renews the lease all the while. */
  function keep({ epoch, askedAt }: { epoch: number; askedAt: number }) {
    let renewedAt = askedAt;
    let isLost = false;
    let isAsking = false;
    const renew = async () => {
      if (isAsking) return;
      isAsking = true;
      const sentAt = performance.now();
      try {
        const isOurs = await leases.renew({ key: turnKey, holder, epoch, durationInMs: leaseInMs });
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
        await new Promise<void>((end) => line.shift()?.grant({ isHeld, end }));
        if (isWanted() && (await isOver())) break;
      }
    } finally {
      stop();
      await release(turnKey, lease.epoch);
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
    async take(signal) {
      signal.throwIfAborted();
      if (closing.signal.aborted) throw new Error('the turns were closed');
      return await waitInLine<AccountLockHold>({
        signal,
        join(waiter) {
          line.push(waiter);
          begin();
        },
        leave(waiter) {
          const place = line.indexOf(waiter);
          if (place >= 0) line.splice(place, 1);
        },
      });
    },
    async close() {
      closing.abort();
      for (const waiter of line.splice(0)) waiter.refuse(new Error('the turns were closed'));
      // A store that is away lets the question wait, perhaps for ever.
      if (serving) await withinTime(serving, { limitInMs: longestFarewellInMs, whenLate: () => undefined });
    },
  };
}
