import { type ArchiveBytes, ArchiveChangedError } from './archive-bytes.ts';
import { type ArchiveFile, damagedArchive } from './archive-file.ts';
import { gunzip } from './gunzip.ts';
import { createPasses } from './passes.ts';
import { forwardFrom, tarEntries } from './tar-entries.ts';
import { createUnpackedBytes, type UnpackedBytes } from './unpacked-bytes.ts';

const beginningInBytes = 512;
/** Photos are asked for in nearly the order in which they lie. */
const keptInBytes = 48 * 1024 * 1024;

/**
 * A tar file packed with gzip, which is read from its beginning alone: listing is one pass over it, and photos are taken out
 * of another one as it comes by them (`passes.ts`).
 */
export function openTarGzFile(bytes: ArchiveBytes, address: string): ArchiveFile {
  const unpack = (signal: AbortSignal, kept: number) =>
    createUnpackedBytes(gunzip(bytes, { address, signal }), { keptInBytes: kept });
  const closing = new AbortController();
  const passes = createPasses(() => unpack(closing.signal, keptInBytes));
  /** What a listing is at. */
  let listing: UnpackedBytes | undefined;
  return {
    isForward: true,
    async *entries({ signal }) {
      const unpacked = unpack(signal, 0);
      listing = unpacked;
      try {
        yield* tarEntries(
          forwardFrom(0, (at, size) => unpacked.read(at, size)),
          address,
        );
        await unpacked.finish();
      } finally {
        await unpacked.close();
      }
    },
    async entryAt(position, signal) {
      for await (const entry of tarEntries(
        forwardFrom(position, (at, sizeInBytes) => passes.read(at, { sizeInBytes, signal })),
        address,
      ))
        return entry;
      return undefined;
    },
    async read({ range: [at], sizeInBytes }, signal) {
      const read = await passes.read(at, { sizeInBytes, signal });
      if (read.length === sizeInBytes) return read;
      throw damagedArchive(address, 'it ends too early');
    },
    readBeginning: async ({ range: [at], sizeInBytes }) =>
      listing?.read(at, Math.min(sizeInBytes, beginningInBytes)),
    async close() {
      closing.abort(new ArchiveChangedError());
      await passes.close();
    },
  };
}
