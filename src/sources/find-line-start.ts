import type { ManifestBytes } from './manifest-bytes.ts';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const chunkSizeInBytes = 64 * 1024;

/** Where the line after the one at `offset` begins (line ends right at `offset` not counted), or the manifest ends. */
export async function findLineStart(bytes: ManifestBytes, offset: number): Promise<number> {
  let isInLine = false;
  let isAfterReturn = false;
  for (let position = offset; ; ) {
    const chunk = await bytes.read(position, chunkSizeInBytes);
    if (chunk.length === 0) return position;
    for (const [index, byte] of chunk.entries()) {
      if (isAfterReturn) return position + index + (byte === lineFeed ? 1 : 0);
      if (byte !== lineFeed && byte !== carriageReturn) isInLine = true;
      else if (isInLine && byte === lineFeed) return position + index + 1;
      else if (isInLine) isAfterReturn = true;
    }
    position += chunk.length;
  }
}
