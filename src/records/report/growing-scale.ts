/**
 * A number line cut into buckets of one width, no more than `most` of them, whatever numbers come: when they reach too
 * far the width is doubled, and two neighbours become one. Edges are multiples of the width, so that the result does not
 * depend on the order in which numbers come.
 */
export interface GrowingScale {
  readonly width: number;
  /** The lower edge of the first bucket; undefined: no number has come. */
  readonly start: number | undefined;
  /** Counts by bucket; they stay right while the scale grows. */
  newRow(): ScaleRow;
  /** Where in the rows a number is counted, until the next is placed. */
  slotOf(value: number): number;
  /** The counts of a row from the first bucket to the last. */
  read(row: ScaleRow): number[];
}

export type ScaleRow = Uint32Array;

/** `finest`: the first width, a power of two. Numbers are no larger than 2^52 of these. */
export function createGrowingScale({ finest, most }: { finest: number; most: number }): GrowingScale {
  const rows: ScaleRow[] = [];
  let width = finest;
  let bucketsInOne = 1 / width;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  // A bucket's place is its number modulo `most`: nothing has to be moved when numbers come from below.
  let slotOfFirst = 0;
  const slotOfBucket = (bucket: number) => ((bucket % most) + most) % most;

  function widenTo(bucket: number): number {
    const lowest = Math.min(first, bucket);
    const highest = Math.max(last, bucket);
    let factor = 1;
    while (Math.floor(highest / factor) - Math.floor(lowest / factor) >= most) factor *= 2;
    if (factor > 1) for (const row of rows) coarsen(row, factor);
    width *= factor;
    bucketsInOne = 1 / width;
    first = Math.floor(lowest / factor);
    last = Math.floor(highest / factor);
    slotOfFirst = slotOfBucket(first);
    return Math.floor(bucket / factor);
  }

  function coarsen(row: ScaleRow, factor: number): void {
    const before = row.slice();
    row.fill(0);
    for (let bucket = first; bucket <= last; bucket += 1) {
      const slot = slotOfBucket(Math.floor(bucket / factor));
      row[slot] = (row[slot] ?? 0) + (before[slotOfBucket(bucket)] ?? 0);
    }
  }

  return {
    get width() {
      return width;
    },
    get start() {
      return first <= last ? first * width : undefined;
    },
    newRow() {
      const row = new Uint32Array(most);
      rows.push(row);
      return row;
    },
    slotOf(value) {
      let bucket = Math.floor(value * bucketsInOne);
      if (!(bucket >= first && bucket <= last)) bucket = widenTo(bucket);
      // As `slotOfBucket`, at a fifth of the time.
      const slot = slotOfFirst + (bucket - first);
      return slot < most ? slot : slot - most;
    },
    read(row) {
      const counts: number[] = [];
      for (let bucket = first; bucket <= last; bucket += 1) counts.push(row[slotOfBucket(bucket)] ?? 0);
      return counts;
    },
  };
}
