import { formatS3Address } from '../../storage/s3/s3-address.ts';
import { s3Fault } from '../../storage/s3/s3-fault.ts';
import { RollcallError } from '../../util/errors.ts';
import { cursorOf, markListing, markOf, positionAfter } from '../manifest/manifest-position.ts';
import { type ObjectRow, type ObjectRules, photosAmong } from '../s3-objects.ts';
import type { Source } from '../source.ts';
import { damaged } from './damaged.ts';
import { checkFiles, openVerified } from './inventory-file.ts';
import { type Inventory, type InventoryFile, readInventory } from './inventory-manifest.ts';
import { inventoryRow } from './inventory-row.ts';
import type { ReadRow, ReadRows } from './read-rows.ts';

/**
 * The photos that a delivery of an S3 Inventory lists (`…/manifest.json`), in the order of its files and rows. Paths begin
 * at the source bucket's root; what is left out is as in a prefix. The inventory may lie in another bucket than the photos.
 * @param options.at of the manifest
 * @throws UsageError if it is no such manifest, or one that is not read: that is seen before a run is started
 */
export async function createS3InventorySource(options: ObjectRules): Promise<Source> {
  const { at, s3, idPattern } = options;
  const address = formatS3Address(at);
  await readInventory({ at, s3, signal: new AbortController().signal });
  return {
    address,
    sameSubject: idPattern.hasPhoto ? 'repeat' : 'collision',
    idsFromPaths: true,
    leavesOut: true,
    version: async (signal) => (await readInventory({ at, s3, signal })).version,
    async *list({ after, signal, onLeftOut, onEnd }) {
      signal.throwIfAborted();
      const begun = positionAfter(after, address);
      const inventory = await readInventory({ at, s3, signal });
      const mark = markOf(inventory.version);
      const { version } = markListing(begun, { version: inventory.version, mark, address });
      const files = inventory.files.slice(begun?.offset ?? 0);
      await checkFiles(files, { s3, signal });
      let gaps = 0;
      const onProblem = () => {
        gaps += 1;
      };
      const { sourceBucket: bucket } = inventory;
      const rows = rowsOf(inventory, { s3, signal, begun, mark, onProblem });
      try {
        yield* photosAmong(rows, { ...options, at: { bucket, key: '' }, signal, onLeftOut });
      } catch (error) {
        signal.throwIfAborted();
        const photos = formatS3Address({ bucket, key: '' });
        throw s3Fault(error, { address: photos, deed: 'read', permission: 's3:GetObject' });
      }
      onEnd?.({ version, gaps });
    },
  };
}

/** The rows of all files, behind the last one that was listed. What came before its file is not read again. */
async function* rowsOf(
  inventory: Inventory,
  {
    begun,
    onProblem,
    ...reading
  }: Pick<ObjectRules, 's3'> & {
    signal: AbortSignal;
    /** Its `offset` counts the files before the one that it is in, its `row` the rows of that. */
    begun: ReturnType<typeof positionAfter>;
    mark: string;
    onProblem: () => void;
  },
): AsyncGenerator<readonly ObjectRow[]> {
  const { offset: first = 0, row: firstRow = 0 } = begun ?? {};
  for (const [index, file] of inventory.files.entries()) {
    if (index < first) continue;
    const from = index === first ? firstRow : 0;
    for await (const rows of readFile(file, { ...reading, inventory, from })) {
      yield rows.flatMap((row) => {
        const object = objectOf(row, {
          inventory,
          file,
          cursor: cursorOf({ offset: index, row: row.row, mark: reading.mark }),
        });
        if (object !== undefined && 'problem' in object) onProblem();
        return object ?? [];
      });
    }
  }
}

async function* readFile(
  file: InventoryFile,
  options: Pick<ObjectRules, 's3'> & { inventory: Inventory; from: number; signal: AbortSignal },
): AsyncGenerator<readonly ReadRow[]> {
  const { inventory, from, signal } = options;
  const bytes = await openVerified(file, options);
  try {
    const readRows = await readerOf(inventory.format);
    yield* readRows({ file, bytes, columns: inventory.columns, from, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof RollcallError) throw error;
    throw damaged(file.address, `cannot be read as ${nameOf[inventory.format]}`, { cause: error });
  } finally {
    await bytes.close();
  }
}

const nameOf = { CSV: 'gzipped CSV', Parquet: 'Parquet' } as const;

/** The reader of Parquet is loaded by whoever needs it. */
async function readerOf(format: Inventory['format']): Promise<ReadRows> {
  if (format === 'CSV') return (await import('./csv-rows.ts')).readCsvRows;
  return (await import('./parquet-rows.ts')).readParquetRows;
}

function objectOf(
  row: ReadRow,
  { inventory, file, cursor }: { inventory: Inventory; file: InventoryFile; cursor: string },
): ObjectRow | undefined {
  const place = `row ${row.row} of ${file.address}`;
  if ('problem' in row) return { cursor, problem: `${place} ${row.problem}` };
  return inventoryRow(row.cells, { bucket: inventory.sourceBucket, place, cursor });
}
