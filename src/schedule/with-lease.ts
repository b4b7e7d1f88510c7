import { setTimeout as delay } from 'node:timers/promises';
import type { LeaseStore } from '../account/lease-store.ts';
import { type Lease, takeLease } from '../conductor/lease.ts';
import { processName } from '../util/process-name.ts';

const askAgainInMs = 100;

export interface WithLeaseOptions {
  readonly leases: LeaseStore;
  readonly key: string;
  /** Ends the waiting for the lease, not what is done under it. */
  readonly signal: AbortSignal;
  /** A store that does not answer for so long is not waited for: then it is done without the lease. */
  readonly withoutAfterInMs?: number;
  readonly onError: (error: Error) => void;
}

/**
 * Does something that one process at a time may do, and keeps the lease while it lasts.
 * @throws the signal's reason when it aborts before the lease is there
 */
export async function withLease<Result>(
  options: WithLeaseOptions,
  action: () => Promise<Result>,
): Promise<Result> {
  const { signal, onError } = options;
  while (true) {
    const lease = await takeInTime(options);
    if (lease === 'away') return action();
    if (lease) return keepWhile(lease, action, onError);
    await delay(askAgainInMs, undefined, { signal });
  }
}

/** Undefined: another holds it. A store that is away lets the question wait, perhaps for ever. */
async function takeInTime(options: WithLeaseOptions): Promise<Lease | 'away' | undefined> {
  const { leases, key, signal, withoutAfterInMs, onError } = options;
  signal.throwIfAborted();
  const answered = new AbortController();
  const either = AbortSignal.any([signal, answered.signal]);
  const limit = delay(withoutAfterInMs ?? 2 ** 31 - 1, 'away' as const, { signal: either }).catch((error) => {
    throw signal.aborted ? signal.reason : error;
  });
  const taking = takeLease({ leases, key, holder: processName(), minEpoch: 0, onError });
  try {
    const first = await Promise.race([taking, limit]);
    if (first === 'away') throw new Error('the store of leases does not answer');
    return first;
  } catch (error) {
    taking.then((lease) => lease?.release()).catch(onError);
    if (signal.aborted || withoutAfterInMs === undefined) throw error;
    onError(error as Error);
    return 'away';
  } finally {
    answered.abort();
    limit.catch(() => undefined);
  }
}

async function keepWhile<Result>(
  lease: Lease,
  action: () => Promise<Result>,
  onError: (error: Error) => void,
): Promise<Result> {
  const released = new AbortController();
  const kept = lease.keep(released.signal);
  try {
    return await action();
  } finally {
    released.abort();
    await kept;
    await lease.release().catch(onError);
  }
}
