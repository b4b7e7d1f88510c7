/** The templates of one owner in memory: their descriptors one behind the other, so that a search reads straight on. */
export interface TemplateMatrix {
  readonly size: number;
  put(templateId: string, descriptor: Float32Array): void;
  /** False: there was none. */
  delete(templateId: string): boolean;
  has(templateId: string): boolean;
  get(templateId: string): Float32Array | undefined;
  /** The nearest by Euclidean distance, of all templates; undefined while there are none. */
  nearest(descriptor: Float32Array): { templateId: string; descriptor: Float32Array } | undefined;
  entries(): Iterable<readonly [templateId: string, descriptor: Float32Array]>;
}

/** All descriptors have `width` numbers. */
export function createTemplateMatrix(width: number): TemplateMatrix {
  let values = new Float32Array(width * 16);
  const ids: string[] = [];
  const rows = new Map<string, number>();
  const rowAt = (row: number) => values.subarray(row * width, (row + 1) * width);

  function rowFor(templateId: string): number {
    const known = rows.get(templateId);
    if (known !== undefined) return known;
    const row = ids.length;
    if ((row + 1) * width > values.length) {
      const larger = new Float32Array(values.length * 2);
      larger.set(values);
      values = larger;
    }
    ids.push(templateId);
    rows.set(templateId, row);
    return row;
  }

  return {
    get size() {
      return ids.length;
    },
    put(templateId, descriptor) {
      // First: it may make room in a larger array.
      const row = rowFor(templateId);
      values.set(descriptor, row * width);
    },
    delete(templateId) {
      const row = rows.get(templateId);
      const last = ids.pop();
      if (row === undefined || last === undefined) {
        if (last !== undefined) ids.push(last);
        return false;
      }
      rows.delete(templateId);
      if (last !== templateId) {
        values.copyWithin(row * width, ids.length * width, (ids.length + 1) * width);
        ids[row] = last;
        rows.set(last, row);
      }
      rowAt(ids.length).fill(0);
      return true;
    },
    has: (templateId) => rows.has(templateId),
    get(templateId) {
      const row = rows.get(templateId);
      return row === undefined ? undefined : rowAt(row).slice();
    },
    nearest(descriptor) {
      const row = nearestRow({ values, width, count: ids.length }, descriptor);
      const templateId = ids[row];
      return templateId === undefined ? undefined : { templateId, descriptor: rowAt(row).slice() };
    },
    *entries() {
      for (const [row, templateId] of ids.entries()) yield [templateId, rowAt(row)] as const;
    },
  };
}

/** How many numbers are compared before it is checked whether the row is already too far away. */
const strideWidth = 16;

/** -1 where there is none. */
function nearestRow(
  { values, width, count }: { values: Float32Array; width: number; count: number },
  wanted: Float32Array,
): number {
  let nearest = -1;
  let least = Number.POSITIVE_INFINITY;
  for (let row = 0; row < count; row += 1) {
    const start = row * width;
    let sum = 0;
    for (let from = 0; from < width && sum < least; from += strideWidth) {
      const to = Math.min(width, from + strideWidth);
      for (let index = from; index < to; index += 1) {
        // Within both: a check for each number would be most of the work.
        const difference = (values[start + index] as number) - (wanted[index] as number);
        sum += difference * difference;
      }
    }
    if (sum < least) {
      least = sum;
      nearest = row;
    }
  }
  return nearest;
}
