import type { StateLine } from './state-store.ts';

/** The whole lines of what is read from a byte offset on. `torn`: what follows the last newline, too; else it is left out. */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  { offset, torn = false }: { offset: number; torn?: boolean | undefined },
): AsyncGenerator<StateLine[]> {
  let rest: Buffer = Buffer.alloc(0);
  let position = offset;
  for await (const chunk of chunks) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const { lines, consumed } = splitLines(bytes, position - rest.length);
    position += chunk.length;
    rest = bytes.subarray(consumed);
    if (lines.length > 0) yield lines;
  }
  if (torn && rest.length > 0)
    yield [{ text: rest.toString(), offset: position - rest.length, sizeInBytes: rest.length }];
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
