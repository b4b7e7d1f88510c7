import type { ByteFile } from '../../storage/state/state-store.ts';

const windowBytes = 64 * 1024;
const newline = 0x0a;

/** Shows the lines of a file that begin at some offsets, which ascend: neighbours are read together. */
export async function readLinesAt(
  file: ByteFile,
  options: {
    offsets: readonly number[];
    onLine: (text: string) => void;
    /** Awaited after each read. */
    afterBatch: () => Promise<void>;
  },
): Promise<void> {
  const { offsets, onLine, afterBatch } = options;
  let window = Buffer.alloc(0);
  let from = 0;
  const endOf = (offset: number) => {
    const isIn = offset >= from && offset < from + window.length;
    return isIn ? window.indexOf(newline, offset - from) : -1;
  };
  async function readFrom(offset: number, sizeInBytes: number): Promise<void> {
    const bytes = Buffer.alloc(sizeInBytes);
    window = bytes.subarray(0, await file.read(bytes, offset));
    from = offset;
  }
  for (const offset of offsets) {
    for (let sizeInBytes = windowBytes; endOf(offset) === -1; sizeInBytes *= 2) {
      await afterBatch();
      await readFrom(offset, sizeInBytes);
      if (window.length < sizeInBytes) break;
    }
    const end = endOf(offset);
    const isThere = offset < from + window.length;
    if (isThere) onLine(window.toString('utf8', offset - from, end === -1 ? undefined : end));
  }
  await afterBatch();
}
