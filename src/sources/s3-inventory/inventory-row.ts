import { formatS3Address } from '../../storage/s3/s3-address.ts';
import { maxAddressLength } from '../photo-address.ts';
import type { ObjectRow } from '../s3-objects.ts';

/** The columns that are read. Others, such as the storage class, say nothing that reading the photo does not say better. */
const columnNames = [
  'bucket',
  'key',
  'islatest',
  'isdeletemarker',
  'size',
  'etag',
  'lastmodifieddate',
] as const;
export type InventoryColumn = (typeof columnNames)[number];

/** `IsLatest` in CSV, `is_latest` in Parquet; undefined for a column that is not read. */
export function inventoryColumn(name: string): InventoryColumn | undefined {
  const plain = name.trim().replaceAll('_', '').toLowerCase();
  return columnNames.find((known) => known === plain);
}

/** A row's texts; empty or absent where there is none. Keys are decoded. */
export type InventoryCells = { [Column in InventoryColumn]?: string };

/** S3's own limit for keys, in bytes. */
const maxKeySize = 1024;

/**
 * The object that a row tells of, or why that cannot be told. Undefined for what a listing of the bucket would not show:
 * former versions, and markers of deletion. An inventory without versions lists current objects alone.
 * @param options.place names file and row, for people
 */
export function inventoryRow(
  cells: InventoryCells,
  { bucket, place, cursor }: { bucket: string; place: string; cursor: string },
): ObjectRow | undefined {
  const { key = '', islatest = '', isdeletemarker = '', size = '', etag = '' } = cells;
  const problem = problemOf(cells, bucket);
  if (problem !== undefined) {
    const photo = formatS3Address({ bucket, key }).slice(0, maxAddressLength);
    return { photo, cursor, problem: `${place}: ${problem}` };
  }
  if (islatest.toLowerCase() === 'false' || isdeletemarker.toLowerCase() === 'true') return undefined;
  const version = versionOf(etag, cells.lastmodifieddate);
  return {
    key,
    cursor,
    ...(version !== undefined && { etag: version }),
    ...(/^\d{1,15}$/u.test(size) && { sizeInBytes: Number(size) }),
  };
}

function problemOf(cells: InventoryCells, bucket: string): string | undefined {
  const { key = '', islatest = '', isdeletemarker = '' } = cells;
  if (cells.bucket !== bucket)
    return `it is of the bucket ${JSON.stringify((cells.bucket ?? '').slice(0, 80))}, the inventory of ${JSON.stringify(bucket)}`;
  if (key === '') return 'it has no key';
  if (Buffer.byteLength(key) > maxKeySize) return `its key is longer than ${maxKeySize} bytes`;
  const unclear = [islatest, isdeletemarker].find((text) => !/^(?:true|false)?$/iu.test(text));
  if (unclear !== undefined)
    return `${JSON.stringify(unclear.slice(0, 40))} does not say which version it is of: true or false is needed`;
  return undefined;
}

/** As a listing of the bucket writes it, so that a photo is the same from either; the time where there is no ETag. */
function versionOf(etag: string, lastModified = ''): string | undefined {
  if (etag !== '') return etag.startsWith('"') ? etag : `"${etag}"`;
  return lastModified === '' ? undefined : lastModified;
}
