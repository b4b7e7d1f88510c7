/** Allowance for two clocks that run at different speeds, as a share of the time that has passed. */
const drift = 0.0005;

/** A slow trip counts for half after 14 others. */
const forgetting = 0.95;

interface Sample {
  readonly offsetInMs: number;
  readonly halfTripInMs: number;
  readonly takenAt: number;
}

/**
 * Translates between the store's clock and this process's monotonic one (`performance.now`). Every reply of the
 * store is a sample: the store read its clock somewhere between sending and receiving, so the middle is wrong by
 * half the trip at most. The shortest trip wins, and ages: a late reply (a busy store, a blocked event loop) moves
 * nothing. Taking the middle keeps processes at different distances in step with each other.
 * A sample that contradicts the best one means that the store's clock was set, or is another one: it wins.
 */
export function createStoreClock() {
  let best: Sample | undefined;
  let slowTripInMs = 0;
  const doubt = (sample: Sample, at: number) => sample.halfTripInMs + (at - sample.takenAt) * drift;

  return {
    sample({ sentAt, receivedAt, storeNow }: { sentAt: number; receivedAt: number; storeNow: number }): void {
      const halfTripInMs = (receivedAt - sentAt) / 2;
      slowTripInMs = Math.max(halfTripInMs * 2, slowTripInMs * forgetting);
      const sample = { offsetInMs: storeNow - sentAt - halfTripInMs, halfTripInMs, takenAt: receivedAt };
      if (best) {
        const known = doubt(best, receivedAt);
        const contradicts = Math.abs(sample.offsetInMs - best.offsetInMs) > known + halfTripInMs + 2;
        if (halfTripInMs > known && !contradicts) return;
      }
      best = sample;
    },
    toLocal: (storeTime: number): number => storeTime - (best?.offsetInMs ?? 0),
    toStore: (localTime: number): number => localTime + (best?.offsetInMs ?? 0),
    /** How long a trip there and back may take, judged by the slowest ones lately. */
    slowTripInMs: (): number => slowTripInMs,
  };
}
