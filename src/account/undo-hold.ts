import { stopwatch } from '../util/stopwatch.ts';
import { withRetry } from '../util/with-retry.ts';
import type { LeaseStore } from './lease-store.ts';

/**
 * While a run of an account is undone, no photo is enrolled there: what an undoing deletes must not be what another run
 * stored a moment ago. `account`: the one that is called.
 */
export const undoLeaseKey = (account: string): string => `undo-${account}`;

/** Photos go back to the queue: a run of their account is being undone. */
export class AccountHeldError extends Error {}

const lookEveryInMs = 1_000;
/** Of the latest look when a call is made. An undoing waits for longer than that before it deletes. */
const oldestInMs = 3_000;
const tryAgainInMs = 1_000;

/** Knows whether a run of an account is being undone, as of a few seconds ago at most. */
export interface UndoWatch {
  /** Waits for the store where it does not answer. @throws AccountHeldError; the signal's reason when aborted */
  assertFree(signal: AbortSignal): Promise<void>;
}

export function createUndoWatch(leases: Pick<LeaseStore, 'holder'>, account: string): UndoWatch {
  let ageInMs = () => Number.POSITIVE_INFINITY;
  let isHeld = false;
  let looking: Promise<void> | undefined;

  /** One at a time, however many ask. */
  function look(): Promise<void> {
    const sinceAsked = stopwatch();
    looking ??= leases
      .holder(undoLeaseKey(account))
      .then((holder) => {
        ageInMs = sinceAsked;
        isHeld = holder !== undefined;
      })
      .finally(() => {
        looking = undefined;
      });
    return looking;
  }

  return {
    async assertFree(signal) {
      if (ageInMs() > lookEveryInMs) await look().catch(() => undefined);
      while (ageInMs() > oldestInMs) {
        signal.throwIfAborted();
        await withRetry(look, { signal, pauseInMs: () => tryAgainInMs });
      }
      if (isHeld) throw new AccountHeldError('a run of the account is being undone');
    },
  };
}
