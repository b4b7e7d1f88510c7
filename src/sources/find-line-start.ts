import type { FileHandle } from 'node:fs/promises';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const chunkSizeInBytes = 64 * 1024;

/** Where the line after the one at `offset` begins (line ends right at `offset` not counted), or the file ends. */
export async function findLineStart(file: FileHandle, offset: number): Promise<number> {
  const chunk = Buffer.allocUnsafe(chunkSizeInBytes);
  let isInLine = false;
  let isAfterReturn = false;
  for (let position = offset; ; ) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) return position;
    for (let index = 0; index < bytesRead; index += 1) {
      const byte = chunk[index];
      if (isAfterReturn) return position + index + (byte === lineFeed ? 1 : 0);
      if (byte !== lineFeed && byte !== carriageReturn) isInLine = true;
      else if (isInLine && byte === lineFeed) return position + index + 1;
      else if (isInLine) isAfterReturn = true;
    }
    position += bytesRead;
  }
}
