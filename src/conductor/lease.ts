import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { LeaseStore } from '../account/lease-store.ts';
import { isDeadProcess } from '../util/process-name.ts';

const durationInMs = 20_000;
const renewEveryInMs = 5_000;
const lookEveryInMs = 100;
const longestFarewellInMs = 2_000;

/** The right to do what one process at a time may do: to list, feed and collect a run, say. */
export interface Lease {
  readonly epoch: number;
  /**
   * False once this process has not renewed it for its whole length, by its own clock: it slept through the end, and
   * somebody else may hold it. Nothing is written or removed then.
   */
  isFresh(): boolean;
  /** Resolves once the lease is fresh: to be awaited before writing what another conductor could write as well. */
  fresh(signal: AbortSignal): Promise<void>;
  /** Renews until aborted; resolves when another holds the lease. */
  keep(signal: AbortSignal): Promise<void>;
  /** Gives it back; where the store does not answer, it is left to expire. */
  release(): Promise<void>;
}

/** Takes the lease of a key, also from a process of this machine that is certainly dead; undefined if another has it. */
export async function takeLease(options: {
  leases: LeaseStore;
  key: string;
  holder: string;
  minEpoch: number;
  onError: (error: Error) => void;
}): Promise<Lease | undefined> {
  const { leases, key, holder, minEpoch, onError } = options;
  const current = await leases.holder(key);
  const evict = current !== undefined && isDeadProcess(current) ? current : undefined;
  let renewedAt = performance.now();
  const taken = await leases.acquire({ key, holder, durationInMs, minEpoch, evict });
  if (!('epoch' in taken)) return undefined;
  const { epoch } = taken;
  const isFresh = () => performance.now() - renewedAt < durationInMs;
  return {
    epoch,
    isFresh,
    async fresh(signal) {
      signal.throwIfAborted();
      while (!isFresh()) await delay(lookEveryInMs, undefined, { signal });
    },
    async keep(signal) {
      const aborted = once(signal, 'abort').then(() => 'aborted' as const);
      while (!signal.aborted) {
        await delay(renewEveryInMs, undefined, { signal }).catch(() => {});
        if (signal.aborted) return;
        const askedAt = performance.now();
        try {
          // A store that is away lets the question wait, perhaps for ever.
          const renewal = leases.renew({ key, holder, epoch, durationInMs });
          const answer = await Promise.race([renewal, aborted]);
          if (answer !== true) return;
          renewedAt = askedAt;
        } catch (error) {
          // The store is away: so it is for everybody who might take over. Asked again at the next turn.
          onError(error as Error);
        }
      }
    },
    async release() {
      const timer = new AbortController();
      const late = delay(longestFarewellInMs, undefined, { signal: timer.signal }).catch(() => {});
      try {
        await Promise.race([leases.release({ key, holder, epoch }), late]);
      } finally {
        timer.abort();
      }
    },
  };
}
