import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { maxRowSizeInBytes } from '../manifest/bounded-lines.ts';
import { readCsvBatches } from '../manifest/csv-records.ts';
import { chunksFrom, type ManifestBytes } from '../manifest/manifest-bytes.ts';
import { damaged } from './damaged.ts';
import type { InventoryCells } from './inventory-row.ts';
import type { ReadRow, ReadRows, RowReading } from './read-rows.ts';

/**
 * The rows of a gzipped CSV file. Whoever goes on at a row reads from the file's beginning: gzip has no other place to
 * begin.
 */
export const readCsvRows: ReadRows = async function* ({ file, bytes, columns, from, signal }) {
  const unpacked = unpack(bytes, { address: file.address, signal });
  const reading = { bytes: forwardBytes(unpacked), offset: 0, fieldCount: columns.length, signal };
  let row = 0;
  try {
    for await (const records of readCsvBatches(reading)) {
      const rows: ReadRow[] = [];
      for (const record of records) {
        if ('fields' in record && record.fields.length === 1 && record.fields[0] === '') continue;
        row += 1;
        if (row <= from) continue;
        if ('broken' in record) rows.push({ row, problem: record.broken });
        else if (record.fields.length !== columns.length)
          rows.push({
            row,
            problem: `has ${record.fields.length} fields, the manifest's fileSchema ${columns.length}`,
          });
        else rows.push(readCells(record.fields, { columns, row }));
      }
      if (rows.length > 0) yield rows;
    }
  } finally {
    await unpacked.return(undefined);
  }
};

function readCells(
  fields: readonly string[],
  { columns, row }: Pick<RowReading, 'columns'> & { row: number },
): ReadRow {
  const cells: InventoryCells = {};
  for (const [index, column] of columns.entries()) {
    if (column !== undefined) cells[column] = fields[index] ?? '';
  }
  const key = decodeKey(cells.key ?? '');
  if (key === undefined)
    return { row, problem: `has a key that is not percent-encoded text: ${shown(cells.key)}` };
  cells.key = key;
  return { row, cells };
}

const shown = (key = '') => JSON.stringify(key.slice(0, 200));

/** Keys are encoded as in forms: a blank is `+`. Undefined for what is no such text. */
function decodeKey(written: string): string | undefined {
  if (!/[+%]/u.test(written)) return written;
  try {
    return decodeURIComponent(written.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** Lists of keys and hashes pack about ten to one; long names in another script, counted, two hundred to one. */
const largestRatio = 500;
const sizeOfNoMatterInBytes = 4 * 1024 * 1024;

/** @throws UsageError for a bomb; zlib's error where it is no gzip, or not whole */
async function* unpack(
  bytes: ManifestBytes,
  { address, signal }: { address: string; signal: AbortSignal },
): AsyncGenerator<Buffer> {
  const limit = Math.max(sizeOfNoMatterInBytes, bytes.sizeInBytes * largestRatio);
  const gunzip = createGunzip({ chunkSize: chunkSizeInBytes });
  // What fails on the way is thrown where the text is read.
  pipeline(chunksFrom(bytes, { offset: 0, signal }), gunzip, () => undefined);
  let sizeInBytes = 0;
  for await (const chunk of gunzip as AsyncIterable<Buffer>) {
    sizeInBytes += chunk.length;
    if (sizeInBytes > limit) throw damaged(address, `unpacks to more than ${largestRatio} times its size`);
    yield chunk;
  }
}

const chunkSizeInBytes = 256 * 1024;
/** A record that is broken is looked at again from its beginning. */
const sizeBehindInBytes = 2 * maxRowSizeInBytes;

/** A stream for a reader that goes forward, and a little back at times. */
function forwardBytes(chunks: AsyncIterator<Buffer>): Pick<ManifestBytes, 'read'> {
  let held: { start: number; bytes: Buffer }[] = [];
  let end = 0;
  let isOver = false;
  return {
    async read(position, sizeInBytes) {
      while (!isOver && position >= end) {
        const next = await chunks.next();
        isOver = next.done === true;
        if (next.done) break;
        held = held.filter(({ start, bytes }) => start + bytes.length > position - sizeBehindInBytes);
        held.push({ start: end, bytes: next.value });
        end += next.value.length;
      }
      if (position >= end) return Buffer.alloc(0);
      const window = held.findLast(({ start }) => start <= position);
      if (window === undefined) throw new Error('the text is not held so far back');
      const from = position - window.start;
      return window.bytes.subarray(from, from + sizeInBytes);
    },
  };
}
