import { createHash } from 'node:crypto';
import { z } from 'zod';
import { formatS3Address, parseS3Address, type S3Address } from '../../storage/s3/s3-address.ts';
import type { S3Connection } from '../../storage/s3/s3-connection.ts';
import { UsageError } from '../../util/errors.ts';
import { parseAs } from '../../util/json-text.ts';
import { readRange } from '../manifest/manifest-bytes.ts';
import { openS3Object } from '../manifest/s3-manifest.ts';
import { damaged } from './damaged.ts';
import { type InventoryColumn, inventoryColumn } from './inventory-row.ts';

/** A file of an inventory, as its manifest names it. */
export interface InventoryFile {
  /** For people: `s3://bucket/key`. */
  readonly address: string;
  readonly at: S3Address;
  readonly sizeInBytes: number;
  /** Of its bytes, in hexadecimal digits. */
  readonly md5: string;
}

/** What a delivery of an S3 Inventory says of itself. */
export interface Inventory {
  readonly format: 'CSV' | 'Parquet';
  /** Which bucket's objects it lists. */
  readonly sourceBucket: string;
  /** Of CSV: its columns in order, undefined for one that nothing is read of. */
  readonly columns: readonly (InventoryColumn | undefined)[];
  readonly files: readonly InventoryFile[];
  /** MD5 of the manifest, in quotes: the ETag that S3 gives it. */
  readonly version: string;
}

/** What is read of `manifest.json`: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html */
const manifestSchema = z.object({
  sourceBucket: z.string().min(1),
  fileFormat: z.string().min(1),
  fileSchema: z.string().min(1),
  files: z.array(
    z.object({
      key: z.string().min(1),
      size: z.coerce.number().int().nonnegative(),
      MD5checksum: z.string().min(1),
    }),
  ),
});

/** Room for a hundred thousand files, each of which lists some hundred thousand objects. */
const largestSizeInBytes = 16 * 1024 * 1024;

/**
 * Reads the `manifest.json` of a delivery, and compares it with the `manifest.checksum` beside it, where there is one.
 * @throws UsageError if it is none, was not delivered whole, or is in a format that is not read
 */
export async function readInventory(options: {
  at: S3Address;
  s3: S3Connection;
  signal: AbortSignal;
}): Promise<Inventory> {
  const { at } = options;
  const address = formatS3Address(at);
  const text = await readText({ ...options, limit: largestSizeInBytes });
  if (text === undefined) throw noInventory(address, 'it is larger than 16 MiB');
  const manifest = parseAs(manifestSchema, text.toString('utf8'));
  if (manifest === undefined)
    throw noInventory(address, 'sourceBucket, fileFormat, fileSchema and files are not all in it');
  const md5 = md5Of(text);
  await checkChecksum({ ...options, md5 });
  const { fileFormat, fileSchema } = manifest;
  const { bucket: sourceBucket } = parseS3Address(`s3://${manifest.sourceBucket}/`);
  if (manifest.files.length === 0)
    throw new UsageError(
      'inventory',
      `${address} names no files: nobody knows whether the bucket ${sourceBucket} is empty, or its inventory not whole. Give that of another day.`,
    );
  return {
    format: formatOf(fileFormat, address),
    sourceBucket,
    columns: fileFormat === 'CSV' ? columnsOf(fileSchema, address) : [],
    files: manifest.files.map(({ key, size, MD5checksum }) => {
      const file = { bucket: at.bucket, key };
      return { address: formatS3Address(file), at: file, sizeInBytes: size, md5: MD5checksum.toLowerCase() };
    }),
    version: JSON.stringify(md5),
  };
}

const md5Of = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex');

/** Undefined if it is larger than `limit`. */
async function readText({
  limit,
  ...options
}: {
  at: S3Address;
  s3: S3Connection;
  signal: AbortSignal;
  limit: number;
}): Promise<Buffer | undefined> {
  const bytes = await openS3Object(options);
  try {
    const { sizeInBytes } = bytes;
    return sizeInBytes > limit ? undefined : await readRange(bytes, { offset: 0, sizeInBytes });
  } finally {
    await bytes.close();
  }
}

/** It is delivered last. Who may not read it, or has copied the manifest alone, goes without. */
async function checkChecksum({
  at,
  md5,
  ...options
}: {
  at: S3Address;
  s3: S3Connection;
  signal: AbortSignal;
  md5: string;
}): Promise<void> {
  if (!/(?:^|\/)manifest\.json$/u.test(at.key)) return;
  const beside = { bucket: at.bucket, key: at.key.replace(/json$/u, 'checksum') };
  const text = await readText({ ...options, at: beside, limit: 1024 }).catch((error) => {
    options.signal.throwIfAborted();
    if (error instanceof UsageError) return undefined;
    throw error;
  });
  const [said] = /[0-9a-f]{32}/iu.exec(text?.toString('latin1') ?? '') ?? [];
  if (said !== undefined && said.toLowerCase() !== md5)
    throw damaged(formatS3Address(at), 'is not the one that the manifest.checksum beside it was made for');
}

function formatOf(format: string, address: string): Inventory['format'] {
  if (format === 'CSV' || format === 'Parquet') return format;
  throw new UsageError(
    'inventory',
    `${address} is an inventory in the format ${JSON.stringify(format.slice(0, 40))}, which rollcall does not read: choose CSV or Apache Parquet as the output format of the inventory, and give the manifest.json of its next delivery.`,
  );
}

function columnsOf(fileSchema: string, address: string): Inventory['columns'] {
  const columns = fileSchema.split(',').map(inventoryColumn);
  const missing = (['bucket', 'key'] as const).find((column) => !columns.includes(column));
  if (missing === undefined) return columns;
  throw noInventory(address, `its fileSchema has no column for the ${missing}`);
}

const noInventory = (address: string, why: string) =>
  new UsageError(
    'source-kind',
    `${address} is no manifest of an S3 Inventory (${why}). Of JSON on S3, rollcall lists the manifest.json of an inventory, and .jsonl.`,
  );
