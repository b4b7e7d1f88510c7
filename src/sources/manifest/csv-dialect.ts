import { type CsvForm, type CsvRecord, readCsvRecords } from './csv-records.ts';
import type { ManifestBytes } from './manifest-bytes.ts';
import { byteOrderMarkSize } from './manifest-encoding.ts';

/** How a CSV file is written, where there is only one way to read it. */
export interface CsvDialect extends CsvForm {
  /** Where its first row begins: behind a byte order mark and a line `sep=,`. */
  readonly start: number;
}

/** As much as is looked at before the first row is listed: some thousand rows. */
export const firstLookSizeInBytes = 256 * 1024;

/** @param beginning of the file, as many bytes of it as are looked at */
export async function readDialect(
  beginning: Buffer,
  { signal, delimiter: usual = ',' }: { signal: AbortSignal; delimiter?: string },
): Promise<CsvDialect> {
  const mark = byteOrderMarkSize(beginning);
  const line = /^"?sep=([^\r\n])"?(?:\r\n|\n|\r)/iu.exec(beginning.toString('utf8', mark, mark + 20));
  const start = mark + Buffer.byteLength(line?.[0] ?? '');
  const delimiter = line?.[1] ?? usual;
  const asWritten = { start, delimiter, trim: false };
  const broken = await countBroken(beginning, asWritten, signal);
  if (broken === 0) return asWritten;
  const trimmed = { ...asWritten, trim: true };
  return (await countBroken(beginning, trimmed, signal)) < broken ? trimmed : asWritten;
}

async function countBroken(beginning: Buffer, dialect: CsvDialect, signal: AbortSignal): Promise<number> {
  let broken = 0;
  for await (const record of firstRecords(beginning, {
    offset: dialect.start,
    dialect,
    signal,
    isWhole: true,
  }))
    if ('broken' in record) broken += 1;
  return broken;
}

/** The records of a file's beginning; where it goes on behind that, but for the last, which may be cut off. */
export async function* firstRecords(
  beginning: Buffer,
  {
    offset,
    dialect,
    signal,
    isWhole = false,
  }: { offset: number; dialect: CsvDialect; signal: AbortSignal; isWhole?: boolean },
): AsyncGenerator<CsvRecord> {
  const bytes: ManifestBytes = {
    sizeInBytes: beginning.length,
    read: async (position, sizeInBytes) => beginning.subarray(position, position + sizeInBytes),
    close: async () => {},
  };
  for await (const record of readCsvRecords({ bytes, offset, dialect, signal }))
    if (isWhole || record.end < beginning.length) yield record;
}
