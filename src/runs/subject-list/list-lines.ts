import { isUtf8 } from 'node:buffer';
import { boundedLines } from '../../sources/manifest/bounded-lines.ts';
import { chunksFrom, type ManifestBytes } from '../../sources/manifest/manifest-bytes.ts';

export type ListLine = { readonly line: number } & ({ readonly text: string } | { readonly problem: string });

export const notUtf8 = 'it is not valid UTF-8: is the list whole, and saved as UTF-8?';

/** The lines of a file, whether they end in LF, CRLF or CR. `text` has no line end. */
export async function* readListLines(
  bytes: ManifestBytes,
  { offset, signal }: { offset: number; signal: AbortSignal },
): AsyncGenerator<ListLine> {
  const chunks = withLineFeeds(chunksFrom(bytes, { offset, signal }));
  for await (const { bytes: text, after } of boundedLines(chunks, { offset, row: 0 })) {
    const line = after.row;
    if (text === undefined) yield { line, problem: 'it is longer than 1 MiB' };
    else if (!isUtf8(text)) yield { line, problem: notUtf8 };
    else yield { line, text: text.toString('utf8') };
  }
}

const carriageReturn = '\r';

async function* withLineFeeds(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held = '';
  for await (const chunk of chunks) {
    const text = held + chunk.toString('latin1');
    // What follows it is in the next chunk.
    held = text.endsWith(carriageReturn) ? carriageReturn : '';
    yield Buffer.from(text.slice(0, text.length - held.length).replace(/\r\n?/gu, '\n'), 'latin1');
  }
  if (held !== '') yield Buffer.from('\n');
}
