/**
 * Share of the rate at which slots are given. As many calls as a second may hold, and one more, then span 1/0.97 of a
 * second: 31 ms more than the second. That is what the way to the engine may differ from one call to the next.
 * Measured at 50/s on two busy cores: at 0.98 (20 ms) more calls were held up for longer than there was room, so that
 * the line was pushed often and less of the rate was used (0.91 to 0.94) than at 0.97 (0.96), and a second saw 51.
 */
const shareOfRate = 0.97;
/** Of those 31 ms, what is left to the network and the engine. What a call left this process later is made up for. */
const networkJitterInMs = 22;
const leastLatenessInMs = 10;

export interface SlotSpacing {
  /** From slot to slot. */
  readonly intervalInMs: number;
  /** No window of this length, wherever it starts, may hold more calls than `calls`. */
  readonly windowInMs: number;
  readonly calls: number;
  /** A slot that is later than this is given up. */
  readonly latenessInMs: number;
}

/**
 * A whole rate is meant for every second; 7.5 is 7 calls in 933 ms, evenly, and 0.1 is one in ten seconds.
 * Where a slot is worth more than a little lateness costs (see `pushAfter`), it may be later before it is given up.
 */
export function slotSpacing(ratePerSecond: number): SlotSpacing {
  const calls = Math.max(1, Math.floor(ratePerSecond));
  const windowInMs = (calls / ratePerSecond) * 1000;
  const intervalInMs = 1000 / (ratePerSecond * shareOfRate);
  return { intervalInMs, windowInMs, calls, latenessInMs: Math.max(leastLatenessInMs, intervalInMs) };
}

/**
 * What a call that was sent at `sentAt` in the slot `slot` asks of the line: the slot that is `calls` after it must
 * not come before this call has left the window. Undefined if it would not anyway.
 */
export function pushAfter(
  slot: { readonly number: number; readonly at: number },
  sentAt: number,
  { intervalInMs, windowInMs, calls }: SlotSpacing,
): { number: number; until: number } | undefined {
  const until = sentAt + windowInMs + networkJitterInMs;
  return slot.at + calls * intervalInMs < until ? { number: slot.number + calls, until } : undefined;
}
