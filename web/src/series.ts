type Values = readonly (number | null)[];

/** Each list with the sums of those before it: what stands at the bottom comes first. */
export function stack(lists: readonly Values[]): number[][] {
  let below: number[] = [];
  return lists.map((list) => {
    below = list.map((value, at) => (value ?? 0) + (below[at] ?? 0));
    return below;
  });
}

/** The start of each bucket, in seconds since 1970. */
export const timesOf = (startAt: string, bucketInSeconds: number, buckets: number): number[] =>
  Array.from({ length: buckets }, (_, at) => Date.parse(startAt) / 1000 + at * bucketInSeconds);

/** Sums of so many neighbours each. */
export const coarser = (counts: readonly number[], together: number): number[] =>
  Array.from({ length: Math.ceil(counts.length / together) }, (_, at) =>
    counts.slice(at * together, (at + 1) * together).reduce((sum, count) => sum + count, 0),
  );

/** Counts of buckets as how many a second that is. */
export const perSecond = (counts: readonly number[], bucketInSeconds: number): number[] =>
  counts.map((count) => count / bucketInSeconds);

/** A last value once more, a bucket later: what is drawn in steps shows its last bucket, too. */
export const closed = <Value>(values: readonly Value[]): Value[] => [...values, ...values.slice(-1)];
