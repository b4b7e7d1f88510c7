import { setImmediate } from 'node:timers/promises';

const sliceInMs = 2;
/** A turn in which others did something. */
const busyTurnInMs = 0.5;
const mostBusyTurns = 8;

/**
 * Cuts long work on the event loop into slices, so that what else waits for the loop has its turn in between: calls in
 * flight, timers, the work of others that is cut like this. A list of a million rows is read while photos are called,
 * and a call needs some twenty turns.
 */
export interface Turns {
  /** Whether the slice is used up: then `next` is to be awaited. */
  readonly isOver: boolean;
  /**
   * Resolves when everything that was ready has had its turn and nothing followed at once, or after eight busy turns, so
   * that the work goes on whatever others do.
   */
  next(): Promise<void>;
}

export function createTurns(): Turns {
  let endsAt = performance.now() + sliceInMs;
  return {
    get isOver() {
      return performance.now() >= endsAt;
    },
    async next() {
      for (let turn = 0; turn < mostBusyTurns; turn += 1) {
        const begunAt = performance.now();
        await setImmediate();
        if (performance.now() - begunAt < busyTurnInMs) break;
      }
      endsAt = performance.now() + sliceInMs;
    },
  };
}
