const dayInMs = 86_400_000;
/** Distances between deliveries that say what is usual: the longest of them counts, so that a change of schedule is no alarm for long. */
const distancesKept = 7;

/** The newest delivery of an inventory, and whether it is the one that is to be expected. */
export interface Delivered {
  /** ISO time. */
  readonly at: string;
  /** The longest time between two of the latest deliveries; absent: only one is there. */
  readonly everyInMs?: number | undefined;
  readonly ageInMs: number;
  /**
   * Two more should have come by now. A delivery lies there a day or more after the time that it is named after, and a
   * single one may fail.
   */
  readonly isOverdue: boolean;
}

/** @param options.times of the deliveries that are complete, in their order, milliseconds since 1970; at least one */
export function deliveryAge({ times, now }: { times: readonly number[]; now: number }): Delivered {
  const newest = times.at(-1) ?? now;
  const latest = times.slice(-distancesKept - 1);
  const distances = latest.slice(1).map((time, place) => time - (latest[place] ?? time));
  const everyInMs = distances.length === 0 ? undefined : Math.max(...distances);
  const ageInMs = Math.max(0, now - newest);
  return {
    at: new Date(newest).toISOString(),
    ...(everyInMs !== undefined && { everyInMs }),
    ageInMs,
    isOverdue: everyInMs !== undefined && ageInMs > 2 * everyInMs + dayInMs,
  };
}
