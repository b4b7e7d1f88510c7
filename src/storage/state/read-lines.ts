import { open } from 'node:fs/promises';
import { linesOf } from './lines-of.ts';
import type { StateLine } from './state-store.ts';

const chunkSizeInBytes = 256 * 1024;

/** Whole lines of a file in batches of about a chunk; nothing if there is no such file. */
export async function* readLines(
  path: string,
  { offset = 0, end = Number.POSITIVE_INFINITY }: { offset?: number; end?: number } = {},
): AsyncGenerator<StateLine[]> {
  yield* linesOf(readChunks(path, { offset, end }), offset);
}

async function* readChunks(path: string, range: { offset: number; end: number }): AsyncGenerator<Buffer> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return;
  try {
    for (let position = range.offset; position < range.end; ) {
      const chunk = Buffer.alloc(Math.min(chunkSizeInBytes, range.end - position));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
      position += bytesRead;
    }
  } finally {
    await file.close();
  }
}
