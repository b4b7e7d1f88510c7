import { setMaxListeners } from 'node:events';
import type { PauseCause } from '../records/run-events.ts';

/** Why the loops of a conductor stop. */
export type StopReason =
  | { readonly kind: 'complete' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'interrupted' }
  /** Another process holds the lease. */
  | { readonly kind: 'lost' }
  /**
   * `foundAt` (ISO 8601): what a person asked for since then was asked after the pause. `evenIfDone`: also where every
   * photo has its line by then; else the run is finished.
   */
  | {
      readonly kind: 'paused';
      readonly waitsFor: string;
      readonly cause: PauseCause;
      readonly foundAt: string;
      readonly evenIfDone?: boolean;
    }
  | { readonly kind: 'fault'; readonly error: unknown };

/** The first reason to stop wins; all loops see one signal. */
export interface Stop {
  readonly signal: AbortSignal;
  end(reason: StopReason): void;
  /** Resolves when the loop has stopped; one that throws stops the others. */
  guard(loop: Promise<void>): Promise<void>;
  /** To be called when all loops have stopped: why they did. */
  close(): StopReason;
}

export function createStop(interrupt: AbortSignal): Stop {
  const controller = new AbortController();
  // Every wait of every loop listens.
  setMaxListeners(0, controller.signal);
  let first: StopReason | undefined;
  const end = (reason: StopReason) => {
    first ??= reason;
    controller.abort();
  };
  const onInterrupt = () => end({ kind: 'interrupted' });
  if (interrupt.aborted) onInterrupt();
  interrupt.addEventListener('abort', onInterrupt, { once: true });
  return {
    signal: controller.signal,
    end,
    guard: (loop) =>
      loop.catch((error) => {
        // Loops leave their waits by throwing when the signal aborts: that is no fault.
        if (!controller.signal.aborted) end({ kind: 'fault', error });
      }),
    close() {
      interrupt.removeEventListener('abort', onInterrupt);
      return first ?? { kind: 'complete' };
    },
  };
}
