import { type ArchiveBytes, createWindow } from './archive-bytes.ts';
import type { ArchiveFile } from './archive-file.ts';
import { forwardFrom, tarEntries } from './tar-entries.ts';

/** On disk photos of some size are passed over: what is read for a header is not much more than it. */
const windowInBytes = 16 * 1024;
const beginningInBytes = 512;

/** A tar file: its headers are found by going from one to the next, over the photos between them. */
export function openTarFile(bytes: ArchiveBytes, address: string): ArchiveFile {
  const entriesFrom = (from: number, signal: AbortSignal, sizeInBytes = windowInBytes) => {
    const read = createWindow(bytes, sizeInBytes);
    return tarEntries(
      forwardFrom(from, (at, size) => read(at, size, signal)),
      address,
    );
  };
  const readAt = (at: number, sizeInBytes: number, signal: AbortSignal) =>
    bytes.read(at, sizeInBytes, signal);
  return {
    ...(bytes.isRemote && { isForward: true }),
    async *entries({ from = 0, signal }) {
      const window = bytes.isRemote ? bytes.windowInBytes : windowInBytes;
      for await (const entry of entriesFrom(from, signal, window)) {
        signal.throwIfAborted();
        yield entry;
      }
    },
    async entryAt(position, signal) {
      for await (const entry of entriesFrom(position, signal)) return entry;
      return undefined;
    },
    async read({ range: [at], sizeInBytes }, signal) {
      const read = await readAt(at, sizeInBytes, signal);
      return read.length === sizeInBytes ? read : { problem: 'ends too early: the archive file is cut off' };
    },
    readBeginning: ({ range: [at], sizeInBytes }, signal) =>
      readAt(at, Math.min(sizeInBytes, beginningInBytes), signal),
  };
}
