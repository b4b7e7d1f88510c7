import { isUtf8 } from 'node:buffer';
import { UsageError } from '../util/errors.ts';
import { type CsvColumns, readCsvColumns } from './csv-columns.ts';
import { type CsvRecord, readCsvRecords } from './csv-records.ts';
import { listedRow } from './listed-row.ts';
import { type ManifestBytes, type ManifestPlace, readRange, rootFolderOf } from './manifest-bytes.ts';
import { byteOrderMarkSize, checkManifestEncoding } from './manifest-encoding.ts';
import { changedSource, cursorOf, type ManifestPosition, positionAfter } from './manifest-position.ts';
import type { ListedPhoto, Source } from './source.ts';

/**
 * A CSV manifest (comma, UTF-8, quotes doubled): `subject_id` or `id`, `photo`, optional `template_id` and `version`;
 * every other column is metadata. Read as a stream, whatever its size. Rows without any text are skipped.
 * @throws UsageError if its header cannot be used: that is seen before a run is started
 */
export async function createCsvSource({
  manifest,
  allowOutside,
}: {
  manifest: ManifestPlace;
  allowOutside: boolean;
}): Promise<Source> {
  const { address, folder } = manifest;
  await checkHeader(manifest);
  return {
    address,
    sameSubject: 'repeat',
    ...rootFolderOf(manifest, allowOutside),
    async *list({ after, signal }) {
      signal.throwIfAborted();
      const begun = positionAfter(after, address);
      const bytes = await manifest.open(signal);
      try {
        const { columns, end } = await readHeader(bytes, { address, signal });
        let { offset, row } = begun ?? { offset: end, row: 0 };
        if (begun !== undefined) await checkPlace(bytes, begun, address);
        for await (const record of readCsvRecords({ bytes, offset, fieldCount: columns.count, signal })) {
          signal.throwIfAborted();
          offset = record.end;
          row += 1;
          if (isBlank(record)) continue;
          const place = { offset, row, mark: bytes.mark };
          yield await listRecord(bytes, { record, columns, place, folder, allowOutside });
        }
      } catch (error) {
        signal.throwIfAborted();
        throw error;
      } finally {
        await bytes.close();
      }
    },
  };
}

async function checkHeader(manifest: ManifestPlace): Promise<void> {
  const { signal } = new AbortController();
  const bytes = await manifest.open(signal);
  try {
    await readHeader(bytes, { address: manifest.address, signal });
  } finally {
    await bytes.close();
  }
}

async function readHeader(
  bytes: ManifestBytes,
  { address, signal }: { address: string; signal: AbortSignal },
): Promise<{ columns: CsvColumns; end: number }> {
  const beginning = await readRange(bytes, { offset: 0, sizeInBytes: 64 * 1024 });
  checkManifestEncoding(beginning, address);
  const offset = byteOrderMarkSize(beginning);
  for await (const record of readCsvRecords({ bytes, offset, signal })) {
    if (isBlank(record)) continue;
    if ('fields' in record) return { columns: readCsvColumns(record.fields, address), end: record.end };
    throw new UsageError('csv-columns', `${address} cannot be read: its first row ${record.broken}.`);
  }
  throw new UsageError(
    'csv-columns',
    `${address} is empty: it needs a first row with the columns subject_id and photo.`,
  );
}

/** A row must end where listing continues; otherwise the manifest has changed. */
async function checkPlace(
  bytes: ManifestBytes,
  { offset, mark }: ManifestPosition,
  address: string,
): Promise<void> {
  const { sizeInBytes } = bytes;
  const [lastByte] = offset > 0 && offset < sizeInBytes ? await bytes.read(offset - 1, 1) : [];
  const isLineEnd = lastByte === 0x0a || lastByte === 0x0d;
  if (offset > sizeInBytes || (offset < sizeInBytes && !isLineEnd) || mark !== bytes.mark)
    throw changedSource(address);
}

/** A row without any text: an empty line, or the empty rows that spreadsheets leave at a table's end. It is counted. */
function isBlank(record: CsvRecord): boolean {
  return 'fields' in record && record.fields.every((field) => field.trim() === '');
}

async function listRecord(
  bytes: ManifestBytes,
  {
    record,
    columns,
    place,
    ...options
  }: {
    record: CsvRecord;
    columns: CsvColumns;
    place: ManifestPosition;
    folder: string;
    allowOutside: boolean;
  },
): Promise<ListedPhoto> {
  const name = `row ${place.row}`;
  const base = { row: place.row, cursor: cursorOf(place) };
  if ('broken' in record) return { ...base, problem: `${name} ${record.broken}` };
  const { fields } = record;
  const field = (index: number | undefined) => (index === undefined ? undefined : fields[index]);
  const metadata = Object.fromEntries(columns.metadata.map(({ name, index }) => [name, fields[index] ?? '']));
  const row = { place: name, ...base, subjectId: field(columns.subjectId), photo: field(columns.photo) };
  const listed = listedRow(
    { ...row, templateId: field(columns.templateId), version: field(columns.version), metadata },
    options,
  );
  if (fields.length !== columns.count) {
    return { ...listed, problem: `${name} has ${fields.length} fields, the header has ${columns.count}` };
  }
  const problem = (await isValidUtf8(bytes, record)) ? undefined : `${name} is not valid UTF-8`;
  return problem === undefined ? listed : { ...listed, problem };
}

/** Checks the bytes only where decoding has left a replacement character. */
async function isValidUtf8(
  bytes: ManifestBytes,
  record: CsvRecord & { fields: readonly string[] },
): Promise<boolean> {
  if (!record.fields.some((field) => field.includes('\uFFFD'))) return true;
  return isUtf8(await readRange(bytes, { offset: record.start, sizeInBytes: record.end - record.start }));
}
