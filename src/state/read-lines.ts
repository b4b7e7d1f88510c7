import { open } from 'node:fs/promises';
import type { StateLine } from './state-store.ts';

const chunkSizeInBytes = 256 * 1024;

/** Whole lines of a file in batches of about a chunk; nothing if there is no such file. */
export async function* readLines(
  path: string,
  { offset = 0, end = Number.POSITIVE_INFINITY }: { offset?: number; end?: number } = {},
): AsyncGenerator<StateLine[]> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return;
  try {
    let rest: Buffer = Buffer.alloc(0);
    let position = offset;
    while (position < end) {
      const chunk = Buffer.alloc(Math.min(chunkSizeInBytes, end - position));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) return;
      const bytes =
        rest.length > 0 ? Buffer.concat([rest, chunk.subarray(0, bytesRead)]) : chunk.subarray(0, bytesRead);
      const { lines, consumed } = splitLines(bytes, position - rest.length);
      position += bytesRead;
      rest = bytes.subarray(consumed);
      if (lines.length > 0) yield lines;
    }
  } finally {
    await file.close();
  }
}

function splitLines(bytes: Buffer, offset: number): { lines: StateLine[]; consumed: number } {
  const lines: StateLine[] = [];
  let start = 0;
  for (let newline = bytes.indexOf(0x0a); newline >= 0; newline = bytes.indexOf(0x0a, start)) {
    lines.push({
      text: bytes.toString('utf8', start, newline),
      offset: offset + start,
      sizeInBytes: newline + 1 - start,
    });
    start = newline + 1;
  }
  return { lines, consumed: start };
}
