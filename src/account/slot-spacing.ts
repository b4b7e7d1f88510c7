/**
 * How much later than another a call may reach the engine for reasons that nobody here sees: the network, and the
 * engine's own hold-ups. So a second of the engine's clock is 1036 ms of slots, and 96.5 % of the rate is used, which
 * is kept up when calls leave late. Measured on two cores: at 20 ms (0.98) every other run of 10 s had a second with
 * one call too many, since the engine's process itself was held up for 20 to 30 ms now and then.
 */
const jitterInMs = 36;
/**
 * After a hold-up slots come by so much faster than evenly, until what was lost within the last second is made up.
 * At 1.1, one call in 17 that left 60 ms late cost 1.5 % of the rate in simulation; at 1.5 it costs 0.5 %.
 */
const catchUp = 1.5;

export interface SlotSpacing {
  /** No window of `windowInMs`, wherever it starts, holds more calls than this. */
  readonly calls: number;
  readonly windowInMs: number;
  /** From slot to slot, usually: as many as a window may hold. */
  readonly evenInMs: number;
  /** From slot to slot, at least. */
  readonly fastInMs: number;
}

/** A whole rate is meant for every second; 7.5 is 7 calls in 933 ms, and 0.1 is one in ten seconds. */
export function slotSpacing(ratePerSecond: number): SlotSpacing {
  const calls = Math.max(1, Math.floor(ratePerSecond));
  const windowInMs = (calls / ratePerSecond) * 1000 + jitterInMs;
  const evenInMs = windowInMs / calls;
  return { calls, windowInMs, evenInMs, fastInMs: evenInMs / catchUp };
}

/** Calls a second that are really made at a rate: 96.5 % of a rate of one a second or more. */
export function usedRatePerSecond(ratePerSecond: number): number {
  return 1000 / slotSpacing(ratePerSecond).evenInMs;
}
