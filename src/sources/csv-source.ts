import { isUtf8 } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from '../errors.ts';
import { type CsvColumns, readCsvColumns } from './csv-columns.ts';
import { type CsvRecord, readCsvRecords } from './csv-records.ts';
import { listedRow } from './listed-row.ts';
import { byteOrderMarkSize, checkManifestEncoding } from './manifest-encoding.ts';
import { openManifest } from './open-manifest.ts';
import { changedSource, cursorOf, type Place, placeAfter } from './place.ts';
import type { ListedPhoto, Source } from './source.ts';

/**
 * A CSV manifest (comma, UTF-8, quotes doubled): `subject_id` or `id`, `photo`, optional `template_id` and `version`;
 * every other column is metadata. Read as a stream, whatever its size. Rows without any text are passed over.
 * @throws UsageError if its header cannot be used: that is seen before a run is started
 */
export async function createCsvSource({
  path,
  allowOutside,
}: {
  path: string;
  allowOutside: boolean;
}): Promise<Source> {
  const folder = dirname(path);
  await checkHeader(path);
  return {
    address: path,
    sameSubject: 'repeat',
    ...(allowOutside ? {} : { rootFolder: folder }),
    async *list({ after, signal }) {
      const begun = placeAfter(after, path);
      const file = await openManifest(path);
      try {
        const { columns, end } = await readHeader(file, { path, signal });
        let { offset, row } = begun ?? { offset: end, row: 0 };
        if (begun !== undefined) await checkPlace(file, begun, path);
        for await (const record of readCsvRecords({ file, offset, fieldCount: columns.count, signal })) {
          signal.throwIfAborted();
          offset = record.end;
          row += 1;
          if (isBlank(record)) continue;
          yield await listRecord(file, { record, columns, place: { offset, row }, folder, allowOutside });
        }
      } finally {
        await file.close();
      }
    },
  };
}

async function checkHeader(path: string): Promise<void> {
  const file = await openManifest(path);
  try {
    await readHeader(file, { path, signal: new AbortController().signal });
  } finally {
    await file.close();
  }
}

async function readHeader(
  file: FileHandle,
  { path, signal }: { path: string; signal: AbortSignal },
): Promise<{ columns: CsvColumns; end: number }> {
  const beginning = Buffer.alloc(64 * 1024);
  const { bytesRead } = await file.read(beginning, 0, beginning.length, 0);
  checkManifestEncoding(beginning.subarray(0, bytesRead), path);
  const offset = byteOrderMarkSize(beginning);
  for await (const record of readCsvRecords({ file, offset, signal })) {
    if (isBlank(record)) continue;
    if ('fields' in record) return { columns: readCsvColumns(record.fields, path), end: record.end };
    throw new UsageError('csv-columns', `${path} cannot be read: its first row ${record.broken}.`);
  }
  throw new UsageError(
    'csv-columns',
    `${path} is empty: it needs a first row with the columns subject_id and photo.`,
  );
}

/** A row ends where listing is to go on, unless the file is another one by now. */
async function checkPlace(file: FileHandle, { offset }: Place, path: string): Promise<void> {
  const { size } = await file.stat();
  const lastByte = Buffer.alloc(1);
  if (offset > 0 && offset < size) await file.read(lastByte, 0, 1, offset - 1);
  if (offset > size || (offset < size && !'\r\n'.includes(lastByte.toString('latin1'))))
    throw changedSource(path);
}

/** A row without any text: an empty line, or the empty rows that spreadsheets leave at a table's end. It is counted. */
function isBlank(record: CsvRecord): boolean {
  return 'fields' in record && record.fields.every((field) => field.trim() === '');
}

async function listRecord(
  file: FileHandle,
  {
    record,
    columns,
    place,
    ...options
  }: { record: CsvRecord; columns: CsvColumns; place: Place; folder: string; allowOutside: boolean },
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
  const problem = (await isValidUtf8(file, record)) ? undefined : `${name} is not valid UTF-8`;
  return problem === undefined ? listed : { ...listed, problem };
}

/** Looks at the bytes only where decoding has left a replacement character. */
async function isValidUtf8(
  file: FileHandle,
  record: CsvRecord & { fields: readonly string[] },
): Promise<boolean> {
  if (!record.fields.some((field) => field.includes('\uFFFD'))) return true;
  const bytes = Buffer.alloc(record.end - record.start);
  await file.read(bytes, 0, bytes.length, record.start);
  return isUtf8(bytes);
}
