import { isUtf8 } from 'node:buffer';
import { gunzipSync } from 'node:zlib';
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet';
import { compressors, decompressZstd } from 'hyparquet-compressors';
import type { S3ObjectBytes } from '../manifest/s3-manifest.ts';
import { damaged } from './damaged.ts';
import { type InventoryCells, type InventoryColumn, inventoryColumn } from './inventory-row.ts';
import type { ReadRow, ReadRows } from './read-rows.ts';

/** Decoded at one go: some 20 MB. */
const rowsAtOnce = 32 * 1024;
/** Calls that are made meanwhile get their turn between two batches. */
const rowsOfABatch = 1000;

/** The rows of a Parquet file, of which the columns that are needed are read, a range of rows at a time. */
export const readParquetRows: ReadRows = async function* ({ file: { address }, bytes, from, signal }) {
  const file = rangesOf(bytes, address);
  const metadata = await parquetMetadataAsync(file, { parsers, initialFetchSize: footerSizeInBytes });
  const columns = columnsOf(metadata, address);
  const count = Number(metadata.num_rows);
  for (let start = from; start < count; start += rowsAtOnce) {
    signal.throwIfAborted();
    const end = Math.min(start + rowsAtOnce, count);
    const range = { rowStart: start, rowEnd: end, columns: [...columns.keys()] };
    const rows = await parquetReadObjects({
      file,
      metadata,
      ...range,
      compressors: unpackers,
      parsers,
      useOffsetIndex: true,
    });
    if (rows.length < end - start)
      throw damaged(address, `has ${start + rows.length} rows, and says that there are ${count}`);
    file.forgetOthers();
    for (let first = 0; first < rows.length; first += rowsOfABatch) {
      const batch = rows.slice(first, first + rowsOfABatch);
      yield batch.map((row, index) => readCells(row, { columns, row: start + first + index + 1 }));
    }
  }
};

/** Those that are needed, by their names in the file. The time stands in for an ETag only. */
function columnsOf(metadata: FileMetaData, address: string): ReadonlyMap<string, InventoryColumn> {
  const names = parquetSchema(metadata).children.map(({ element }) => element.name);
  const known = new Map(
    names.flatMap((name) => {
      const column = inventoryColumn(name);
      return column === undefined ? [] : [[name, column] as const];
    }),
  );
  const found = [...known.values()];
  const missing = (['bucket', 'key'] as const).find((column) => !found.includes(column));
  if (missing !== undefined) throw damaged(address, `has no column for the ${missing}`);
  return new Map([...known].filter(([, column]) => column !== 'lastmodifieddate' || !found.includes('etag')));
}

function readCells(
  values: Readonly<Record<string, unknown>>,
  { columns, row }: { columns: ReadonlyMap<string, InventoryColumn>; row: number },
): ReadRow {
  const cells: InventoryCells = {};
  for (const [name, column] of columns) {
    const text = textOf(values[name]);
    if (text === undefined) return { row, problem: `has no text that can be read in the column ${column}` };
    cells[column] = text;
  }
  return { row, cells };
}

/** Keys are written as they are here, not encoded as in CSV. */
function textOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'undefined':
      return '';
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      if (value === null) return '';
      return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : undefined;
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** Bytes that are no UTF-8 stay bytes: decoded, they would be another key. */
const parsers = {
  stringFromBytes: (bytes: Uint8Array | undefined) =>
    bytes !== undefined && isUtf8(bytes) ? decoder.decode(bytes) : bytes,
};

/** Pages hold a megabyte or so. */
const largestPageInBytes = 64 * 1024 * 1024;

/** None unpacks to more than its page says, and no page says more than that. */
const unpackers: Compressors = Object.fromEntries(
  Object.entries({
    ...compressors,
    GZIP: (input: Uint8Array, size: number) => gunzipSync(input, { maxOutputLength: Math.max(size, 1) }),
    ZSTD: (input: Uint8Array, size: number) => decompressZstd(input, new Uint8Array(size)),
  }).map(([codec, unpack]) => [
    codec,
    (input: Uint8Array, size: number) => {
      if (size > largestPageInBytes) throw new Error(`a page of ${size} bytes`);
      return unpack(input, size);
    },
  ]),
);

const footerSizeInBytes = 128 * 1024;
/** A column of a row group, all of which is read where its pages have no index. Row groups are 128 MB at most, by default. */
const largestRangeInBytes = 256 * 1024 * 1024;

/** A file for the reader. What was read for the last rows is held for the next: most of them share their column. */
function rangesOf(bytes: S3ObjectBytes, address: string): AsyncBuffer & { forgetOthers(): void } {
  let former = new Map<string, Promise<ArrayBuffer>>();
  let current = new Map<string, Promise<ArrayBuffer>>();
  const fetch = async (start: number, end: number) => {
    if (start < 0 || end > bytes.sizeInBytes || end - start > largestRangeInBytes)
      throw damaged(
        address,
        `has no such range as ${start} to ${end}, or a row group that is too large to be read`,
      );
    return toArrayBuffer(await bytes.fetch(start, end - start));
  };
  return {
    byteLength: bytes.sizeInBytes,
    slice(start, end = bytes.sizeInBytes) {
      if (end <= start) return new ArrayBuffer(0);
      const range = `${start}-${end}`;
      const found = current.get(range) ?? former.get(range) ?? fetch(start, end);
      current.set(range, found);
      return found;
    },
    forgetOthers() {
      former = current;
      current = new Map();
    },
  };
}

function toArrayBuffer({ buffer, byteOffset, byteLength }: Buffer): ArrayBuffer {
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}
