import type { ManifestPosition } from './manifest-position.ts';

/** Longer lines and rows are problems; they are skipped without being kept in memory. */
export const maxRowSizeInBytes = 1024 * 1024;

/** One line without its end; `bytes` is absent where it is longer than `maxRowSizeInBytes`. */
export interface BoundedLine {
  readonly bytes?: Buffer;
  /** The file or pipe ended without the line's end. */
  readonly isOpen?: true;
  /** The position after this line; its `row` is the line's own number. */
  readonly after: ManifestPosition;
}

/** The lines of a stream of bytes that begins at `place`; the last may lack its line end. */
export async function* boundedLines(
  chunks: AsyncIterable<Buffer>,
  place: ManifestPosition,
): AsyncGenerator<BoundedLine> {
  let { offset, row } = place;
  const { mark } = place;
  let held: Buffer[] = [];
  let sizeInBytes = 0;
  const finish = (last: Buffer, endSizeInBytes: number): BoundedLine => {
    sizeInBytes += last.length;
    offset += sizeInBytes + endSizeInBytes;
    row += 1;
    const bytes = sizeInBytes > maxRowSizeInBytes ? undefined : joined(held, last);
    held = [];
    sizeInBytes = 0;
    return {
      ...(bytes === undefined ? {} : { bytes }),
      after: { offset, row, ...(mark !== undefined && { mark }) },
    };
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      yield finish(chunk.subarray(start, end), 1);
      start = end + 1;
    }
    const rest = chunk.subarray(start);
    sizeInBytes += rest.length;
    if (sizeInBytes > maxRowSizeInBytes) held = [];
    else held.push(rest);
  }
  if (sizeInBytes > 0) yield { ...finish(Buffer.alloc(0), 0), isOpen: true };
}

function joined(held: readonly Buffer[], last: Buffer): Buffer {
  return held.length === 0 ? last : Buffer.concat([...held, last]);
}
