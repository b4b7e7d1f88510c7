import { setImmediate } from 'node:timers/promises';

const sliceInMs = 2;

/**
 * Cuts long work on the event loop into slices, so that what else waits for the loop has its turn in between: calls in
 * flight, timers, the work of others that is cut like this. A list of a million rows is read while photos are called,
 * and a call needs some twenty turns.
 */
export interface Turns {
  /** Whether the slice is used up: then `next` is to be awaited. */
  readonly isOver: boolean;
  /** Resolves when everything that was ready has had its turn. */
  next(): Promise<void>;
}

export function createTurns(): Turns {
  let endsAt = performance.now() + sliceInMs;
  return {
    get isOver() {
      return performance.now() >= endsAt;
    },
    async next() {
      await setImmediate();
      endsAt = performance.now() + sliceInMs;
    },
  };
}
