/** Unpacked bytes that are made in order and can be read from a little before the newest of them on. */
export interface UnpackedBytes {
  /** The first byte that is still there. */
  readonly from: number;
  /** Those of a range; fewer only at the end. To be called for one range at a time. */
  read(position: number, sizeInBytes: number): Promise<Buffer>;
  /** Makes all that is left, so that its checksum is looked at. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** @param options.keptInBytes how many are kept behind the newest, besides those that are being read */
export function createUnpackedBytes(
  pieces: AsyncGenerator<Buffer>,
  { keptInBytes }: { keptInBytes: number },
): UnpackedBytes {
  const held: Buffer[] = [];
  let from = 0;
  let end = 0;
  /** @param wanted the first byte that must stay */
  const more = async (wanted: number): Promise<boolean> => {
    const { value: piece, done } = await pieces.next();
    if (done || piece === undefined) return false;
    held.push(piece);
    end += piece.length;
    for (let first = held[0]; first !== undefined; first = held[0]) {
      const isNeeded = from + first.length > Math.min(wanted, end - keptInBytes);
      if (isNeeded) break;
      held.shift();
      from += first.length;
    }
    return true;
  };
  return {
    get from() {
      return from;
    },
    async read(position, sizeInBytes) {
      const until = position + sizeInBytes;
      while (end < until && (await more(position)));
      return slice(held, position - from, until - from);
    },
    async finish() {
      while (await more(end));
    },
    close: async () => void (await pieces.return(undefined)),
  };
}

function slice(pieces: readonly Buffer[], from: number, to: number): Buffer {
  const parts: Buffer[] = [];
  let start = 0;
  for (const piece of pieces) {
    if (start >= to) break;
    if (start + piece.length > from) parts.push(piece.subarray(Math.max(0, from - start), to - start));
    start += piece.length;
  }
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
}
