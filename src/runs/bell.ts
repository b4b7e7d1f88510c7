import { setTimeout as delay } from 'node:timers/promises';

/** Ends a pause early. Rung while nobody pauses, it ends the next one. */
export interface Bell {
  ring(): void;
  /** Resolves after this time, or when it is rung. */
  pause(inMs: number): Promise<void>;
}

/** The signal rings it, too. */
export function createBell(signal: AbortSignal): Bell {
  let rung = new AbortController();
  const ring = () => rung.abort();
  signal.addEventListener('abort', ring, { once: true });
  return {
    ring,
    async pause(inMs) {
      if (signal.aborted) return;
      await delay(inMs, undefined, { signal: rung.signal }).catch(() => {});
      rung = new AbortController();
    },
  };
}
