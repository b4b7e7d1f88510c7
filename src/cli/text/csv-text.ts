import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Stringifier } from 'csv-stringify';

/** The text of rows as CSV, in pieces; fails as the rows do. */
export async function* csvText(rows: AsyncIterable<unknown>, csv: Stringifier): AsyncGenerator<string> {
  csv.setEncoding('utf8');
  // What fails here makes reading below fail, too.
  pipeline(Readable.from(rows), csv).catch(() => {});
  yield* csv as AsyncIterable<string>;
}
