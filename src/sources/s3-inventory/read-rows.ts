import type { S3ObjectBytes } from '../manifest/s3-manifest.ts';
import type { Inventory, InventoryFile } from './inventory-manifest.ts';
import type { InventoryCells } from './inventory-row.ts';

/** A row of a file, counted from 1: what it says, or why that cannot be read. */
export type ReadRow = { readonly row: number } & (
  | { readonly cells: InventoryCells }
  | { readonly problem: string }
);

export interface RowReading extends Pick<Inventory, 'columns'> {
  readonly file: InventoryFile;
  readonly bytes: S3ObjectBytes;
  /** So many rows are passed over. */
  readonly from: number;
  readonly signal: AbortSignal;
}

/**
 * The rows of one file, some hundred or thousand at a time.
 * @throws UsageError or FaultError of the storage; any other error where the file is not what it should be
 */
export type ReadRows = (reading: RowReading) => AsyncGenerator<readonly ReadRow[]>;
