import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { ArchiveBytes } from './archive-bytes.ts';
import { damagedArchive } from './archive-file.ts';

const pieceInBytes = 256 * 1024;
const remotePieceInBytes = 4 * 1024 * 1024;
/** Packed photos are hardly smaller; the bombs of this method are to a thousandth. */
const highestRatio = 200;
const mostWithoutRatio = 1024 ** 3;

/**
 * What a gzip file holds, piece by piece; the next piece is made when it is asked for.
 * @throws UsageError where it is damaged, cut off, or a bomb; what the file's own reading throws
 */
export async function* gunzip(
  bytes: ArchiveBytes,
  { address, signal }: { address: string; signal: AbortSignal },
): AsyncGenerator<Buffer> {
  let read = 0;
  let fault: unknown;
  const packedInBytes = bytes.isRemote ? remotePieceInBytes : pieceInBytes;
  async function* pieces() {
    try {
      while (read < bytes.sizeInBytes) {
        const piece = await bytes.read(read, packedInBytes, signal);
        if (piece.length === 0) return;
        read += piece.length;
        yield piece;
      }
    } catch (error) {
      fault = error;
      throw error;
    }
  }
  const unpacked = createGunzip({ chunkSize: pieceInBytes });
  pipeline(Readable.from(pieces()), unpacked, () => {});
  let made = 0;
  try {
    for await (const piece of unpacked as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      made += piece.length;
      if (made > mostWithoutRatio && made > read * highestRatio)
        throw damagedArchive(
          address,
          `it would be more than ${highestRatio} times as large unpacked, which no photos are: it may be a bomb`,
        );
      yield piece;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (fault !== undefined) throw fault;
    const { code } = error as NodeJS.ErrnoException;
    if (!code?.startsWith('Z_')) throw error;
    throw damagedArchive(address, code === 'Z_BUF_ERROR' ? 'it ends too early' : 'it cannot be unpacked');
  } finally {
    unpacked.destroy();
  }
}
