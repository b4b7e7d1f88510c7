import type { ByteFile, ByteFiles } from '../../src/storage/state/state-store.ts';

/** A file of bytes in memory; which parts of it were read stays. */
export function byteFileOf(bytes: Uint8Array) {
  const reads: { readonly offset: number; readonly sizeInBytes: number }[] = [];
  const file: ByteFile = {
    sizeInBytes: bytes.length,
    async read(into, offset) {
      reads.push({ offset, sizeInBytes: into.length });
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    },
    close: async () => {},
  };
  return { ...file, reads };
}

/** Files of bytes in memory, and how many are open. */
export function createMemoryBytes(files: Record<string, Uint8Array> = {}) {
  const counts = { open: 0, scratch: 0 };
  let scratch = new Uint8Array(0);
  const closeOne = async () => {
    counts.open -= 1;
  };
  const opened = (bytes: Uint8Array): ByteFile => {
    counts.open += 1;
    return { ...byteFileOf(bytes), close: closeOne };
  };
  const bytes: Pick<ByteFiles, 'open' | 'openScratch'> = {
    open: async (path) => {
      const found = files[path];
      return found && opened(found);
    },
    async openScratch() {
      counts.open += 1;
      counts.scratch += 1;
      return {
        get sizeInBytes() {
          return scratch.length;
        },
        read: (into, offset) => byteFileOf(scratch).read(into, offset),
        async append(more) {
          scratch = Buffer.concat([scratch, more]);
        },
        close: closeOne,
      };
    },
  };
  const notHere = () => Promise.reject(new Error('not here'));
  return { bytes: { ...bytes, openWriter: notHere, overwrite: notHere }, counts };
}
