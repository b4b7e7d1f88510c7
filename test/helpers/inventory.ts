import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import {
  type BasicType,
  type ColumnSource,
  type ParquetWriteOptions,
  parquetWriteBuffer,
} from 'hyparquet-writer';

/** A row as an inventory has it. Keys are as S3 has them; CSV encodes them. */
export interface InventoryObject {
  readonly key: string;
  readonly bucket?: string;
  readonly isLatest?: boolean;
  readonly isDeleteMarker?: boolean;
  readonly size?: number;
  readonly eTag?: string;
  readonly storageClass?: string;
  readonly lastModified?: Date;
}

const columns = {
  Bucket: { name: 'bucket', type: 'STRING', of: ({ bucket = 'photos' }) => bucket },
  Key: { name: 'key', type: 'STRING', of: ({ key }) => key },
  VersionId: { name: 'version_id', type: 'STRING', of: () => 'v' },
  IsLatest: { name: 'is_latest', type: 'BOOLEAN', of: ({ isLatest = true }) => isLatest },
  IsDeleteMarker: { name: 'is_delete_marker', type: 'BOOLEAN', of: (row) => row.isDeleteMarker ?? false },
  Size: { name: 'size', type: 'INT64', of: ({ size }) => (size === undefined ? undefined : BigInt(size)) },
  LastModifiedDate: { name: 'last_modified_date', type: 'TIMESTAMP', of: ({ lastModified }) => lastModified },
  ETag: { name: 'e_tag', type: 'STRING', of: ({ eTag }) => eTag },
  StorageClass: {
    name: 'storage_class',
    type: 'STRING',
    of: ({ storageClass = 'STANDARD' }) => storageClass,
  },
} as const satisfies Record<
  string,
  {
    name: string;
    type: BasicType;
    of: (row: InventoryObject) => string | boolean | bigint | Date | undefined;
  }
>;
export type InventoryField = keyof typeof columns;

export const unversioned: readonly InventoryField[] = ['Bucket', 'Key', 'Size', 'ETag'];
export const versioned: readonly InventoryField[] = [
  'Bucket',
  'Key',
  'VersionId',
  'IsLatest',
  'IsDeleteMarker',
  'Size',
  'LastModifiedDate',
  'ETag',
  'StorageClass',
];

/** A key as AWS writes it into CSV: encoded as in forms, but for the slash. */
const encodeKey = (key: string) => encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+');

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

/** The text of a CSV file, not yet packed. */
export function inventoryCsv(rows: readonly InventoryObject[], fields = unversioned): string {
  const cell = (field: InventoryField, row: InventoryObject) => {
    const value = columns[field].of(row) ?? '';
    if (value instanceof Date) return value.toISOString();
    return field === 'Key' ? encodeKey(String(value)) : String(value);
  };
  return rows.map((row) => `${fields.map((field) => quoted(cell(field, row))).join(',')}\n`).join('');
}

export function inventoryParquet(
  rows: readonly InventoryObject[],
  {
    fields = unversioned,
    change = () => ({}),
    ...options
  }: {
    fields?: readonly InventoryField[];
    change?: (field: InventoryField) => Partial<ColumnSource>;
  } & Omit<ParquetWriteOptions, 'writer' | 'columnData'> = {},
): Buffer {
  const columnData = fields.map((field) => {
    const { name, type, of } = columns[field];
    const nullable = field !== 'Bucket' && field !== 'Key';
    return { name, type, nullable, data: rows.map((row) => of(row)), ...change(field) };
  });
  return Buffer.from(parquetWriteBuffer({ columnData, ...options }));
}

export const md5Of = (bytes: string | Uint8Array) => createHash('md5').update(bytes).digest('hex');

/** The objects of a delivery below a prefix: data files, manifest and its checksum. */
export function inventoryDelivery({
  prefix,
  fields = unversioned,
  files,
  format = 'CSV',
  change = {},
}: {
  prefix: string;
  fields?: readonly InventoryField[];
  /** The bytes of each; text is packed. */
  files: readonly (string | Buffer)[];
  format?: string;
  /** Of the manifest's fields. */
  change?: Record<string, unknown>;
}): [key: string, body: string | Buffer][] {
  const suffix = { CSV: 'csv.gz', ORC: 'orc' }[format] ?? 'parquet';
  const data = files.map((file, index) => {
    const bytes = typeof file === 'string' ? gzipSync(file) : file;
    return [`${prefix}data/${index}.${suffix}`, bytes] as [string, Buffer];
  });
  const schema = fields.map((field) => `optional binary ${columns[field].name} (UTF8);`).join(' ');
  const manifest = JSON.stringify({
    sourceBucket: 'photos',
    destinationBucket: 'arn:aws:s3:::inventories',
    version: '2016-11-30',
    creationTimestamp: '1793145600000',
    fileFormat: format,
    fileSchema: format === 'CSV' ? fields.join(', ') : `message s3.inventory { ${schema} }`,
    files: data.map(([key, bytes]) => ({ key, size: bytes.length, MD5checksum: md5Of(bytes) })),
    ...change,
  });
  const day = `${prefix}2026-11-28T01-00Z/`;
  return [...data, [`${day}manifest.json`, manifest], [`${day}manifest.checksum`, md5Of(manifest)]];
}
