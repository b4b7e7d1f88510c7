import { setTimeout as delay } from 'node:timers/promises';
import type { LeaseStore } from '../account/lease-store.ts';
import { isDeadProcess, processName } from '../util/process-name.ts';
import { stopwatch } from '../util/stopwatch.ts';
import { withinTime } from '../util/time-limit.ts';

const usualDurationInMs = 20_000;
const renewalsPerLease = 4;
const lapseIsSeenWithinInMs = 1_000;
const lookEveryInMs = 100;
const askAgainInMs = 100;
const longestFarewellInMs = 2_000;

/** The right to do what one process at a time may do: to list, feed and collect a run, say. */
export interface Lease {
  readonly epoch: number;
  /**
   * False once this process has not renewed it for its whole length, by its own clocks: it slept through the end, and
   * another may hold it. Nothing is written or removed then. `forInMs`: it is to be so for that much longer.
   */
  isFresh(forInMs?: number): boolean;
  /** Resolves once the lease is fresh: to be awaited before writing what another conductor could write as well. */
  fresh(signal: AbortSignal): Promise<void>;
  /** Renews until aborted; resolves when another holds the lease. */
  keep(signal: AbortSignal): Promise<void>;
  /** Gives it back; where the store does not answer, it is left to expire. */
  release(): Promise<void>;
}

export interface TakeLeaseOptions {
  readonly leases: LeaseStore;
  readonly key: string;
  /** Default: this process. */
  readonly holder?: string;
  /** Default: any. */
  readonly minEpoch?: number;
  /** Default: 20 s, four times as long as it takes to the next renewal. */
  readonly durationInMs?: number;
  /**
   * One that ran out, or that the store has forgotten, is lost, also where nobody else took it: others go by whether
   * anybody holds it, and take nothing. Default: it is gone on with once it is renewed.
   */
  readonly endsWithLapse?: boolean;
  /** Faults of the store while the lease is kept or given back. */
  readonly onError?: (error: Error) => void;
}

/** Takes the lease of a key, also from a process of this machine that is certainly dead; undefined if another has it. */
export async function takeLease(options: TakeLeaseOptions): Promise<Lease | undefined> {
  const { leases, key, holder = processName(), minEpoch = 0, durationInMs = usualDurationInMs } = options;
  const { endsWithLapse = false } = options;
  const current = await leases.holder(key);
  const evict = current !== undefined && isDeadProcess(current) ? current : undefined;
  let sinceRenewed = stopwatch();
  const taken = await leases.acquire({ key, holder, durationInMs, minEpoch, evict });
  if (!('epoch' in taken)) return undefined;
  const { epoch } = taken;
  const renewedEveryInMs = Math.min(
    durationInMs / renewalsPerLease,
    endsWithLapse ? lapseIsSeenWithinInMs : Number.POSITIVE_INFINITY,
  );
  const isThere = async () => !endsWithLapse || (await leases.holder(key)) === holder;
  const renew = async () => (await isThere()) && leases.renew({ key, holder, epoch, durationInMs });
  const isFresh = (forInMs = 0) => sinceRenewed() + forInMs < durationInMs;
  return {
    epoch,
    isFresh,
    async fresh(signal) {
      signal.throwIfAborted();
      while (!isFresh()) await delay(lookEveryInMs, undefined, { signal });
    },
    async keep(signal) {
      while (!signal.aborted) {
        await delay(renewedEveryInMs, undefined, { signal }).catch(() => {});
        if (signal.aborted) return;
        const sinceAsked = stopwatch();
        try {
          // A store that is away lets the question wait, perhaps for ever.
          const isOurs = await withinTime(renew(), { signal });
          if (!isOurs || (endsWithLapse && !isFresh())) return;
          sinceRenewed = sinceAsked;
        } catch (error) {
          if (signal.aborted) return;
          // The store is away: so it is for everybody who might take over. Not repeated sooner than the next renewal.
          options.onError?.(error as Error);
        }
      }
    },
    release: () =>
      withinTime(leases.release({ key, holder, epoch }), {
        limitInMs: longestFarewellInMs,
        whenLate: () => undefined,
      }),
  };
}

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
 * Does something that one process at a time may do: waits for the lease and keeps it while the action lasts.
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
  const taking = takeLease({ leases, key, onError });
  try {
    return await withinTime(taking, {
      limitInMs: withoutAfterInMs,
      signal,
      whenLate: () => {
        throw new Error('the queue does not answer');
      },
    });
  } catch (error) {
    // It may still be granted.
    taking.then((lease) => lease?.release()).catch(onError);
    if (signal.aborted || withoutAfterInMs === undefined) throw error;
    onError(error as Error);
    return 'away';
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
