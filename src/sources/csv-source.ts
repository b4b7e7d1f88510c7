import { isUtf8 } from 'node:buffer';
import { UsageError } from '../util/errors.ts';
import { type CsvColumns, readCsvColumns } from './csv-columns.ts';
import { type CsvDialect, firstLookSizeInBytes, firstRecords, readDialect } from './csv-dialect.ts';
import { isPadding, totalOf, withoutEndMark } from './csv-end.ts';
import { type CsvRecord, readCsvRecords } from './csv-records.ts';
import { listedRow, type RowOptions } from './listed-row.ts';
import {
  cutOffSource,
  endOf,
  type ManifestBytes,
  type ManifestPlace,
  readRange,
  rootFolderOf,
  versionOf,
} from './manifest-bytes.ts';
import { checkManifestEncoding } from './manifest-encoding.ts';
import {
  changedSource,
  changedWhileListed,
  cursorOf,
  type ManifestPosition,
  markListing,
  positionAfter,
} from './manifest-position.ts';
import { readSubjectId } from './read-subject-id.ts';
import type { ListedPhoto, Source } from './source.ts';
import { createIdJudge } from './spreadsheet-ids.ts';

/**
 * A CSV manifest (comma, UTF-8, quotes doubled): `subject_id` or `id`, `photo`, optional `template_id` and `version`;
 * every other column is metadata. Read as a stream, whatever its size. Rows without any text are skipped, and so is the
 * total line of a database client. Its ids are judged by those of its beginning (`spreadsheet-ids.ts`), unless `keepIds`.
 * @throws UsageError if its header cannot be used: that is seen before a run is started
 */
export async function createCsvSource({
  manifest,
  allowOutside,
  keepIds,
}: {
  manifest: ManifestPlace;
  allowOutside: boolean;
  keepIds: boolean;
}): Promise<Source> {
  const { address, folder } = manifest;
  await checkHeader(manifest);
  return {
    address,
    sameSubject: 'repeat',
    ...rootFolderOf(manifest, allowOutside),
    version: (signal) => versionOf(manifest, signal),
    async *list({ after, signal, onEnd }) {
      signal.throwIfAborted();
      const begun = positionAfter(after, address);
      const bytes = await manifest.open(signal);
      try {
        const version = await bytes.version?.();
        const marked = markListing(begun, { version, mark: bytes.mark, address });
        const table = await readHeader(bytes, { address, signal });
        if (begun !== undefined) await checkPlace(bytes, begun, address);
        const judge = keepIds ? undefined : await judgeOf(table, signal);
        const place = begun ?? { offset: table.end, row: 0 };
        let gaps = 0;
        for await (const { record, row } of rowsFrom(bytes, { place, table, address, signal })) {
          if ('broken' in record && record.isCut) gaps += 1;
          const position = { offset: record.end, row, mark: marked.mark };
          const judgeId = judge?.(record);
          yield await listRecord(bytes, { record, table, position, folder, allowOutside, judgeId });
        }
        if ((await bytes.version?.()) !== version) throw changedWhileListed(address);
        onEnd?.({ version: marked.version, gaps });
      } catch (error) {
        signal.throwIfAborted();
        throw error;
      } finally {
        await bytes.close();
      }
    },
  };
}

interface Table {
  readonly columns: CsvColumns;
  readonly dialect: CsvDialect;
  /** Where the rows begin. */
  readonly end: number;
  /** The file's first bytes, by which it is judged. */
  readonly beginning: Buffer;
  readonly isWhole: boolean;
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
): Promise<Table> {
  const beginning = await readRange(bytes, { offset: 0, sizeInBytes: firstLookSizeInBytes });
  checkManifestEncoding(beginning, address);
  const isWhole = beginning.length >= bytes.sizeInBytes;
  const dialect = await readDialect(beginning, { signal });
  for await (const record of readCsvRecords({ bytes, offset: dialect.start, dialect, signal })) {
    if (isBlank(record)) continue;
    if ('fields' in record) {
      const columns = readCsvColumns(record.fields, address);
      return { columns, dialect, end: record.end, beginning, isWhole };
    }
    throw new UsageError('csv-columns', `${address} cannot be read: its first row ${record.broken}.`);
  }
  throw new UsageError(
    'csv-columns',
    `${address} is empty: it needs a first row with the columns subject_id and photo.`,
  );
}

/** A first look at the columns of ids: the same whenever listing begins, wherever it goes on. */
async function judgeOf(
  { columns, dialect, end, beginning, isWhole }: Table,
  signal: AbortSignal,
): Promise<(record: CsvRecord) => RowOptions['judgeId']> {
  const subjectIds: string[] = [];
  const templateIds: string[] = [];
  let seenTo = end;
  for await (const record of firstRecords(beginning, { offset: end, dialect, signal, isWhole })) {
    seenTo = record.end;
    if (!('fields' in record) || isBlank(record) || totalOf(record) !== undefined) continue;
    const { fields } = record;
    subjectIds.push(readSubjectId(fields[columns.subjectId] ?? '', { isSpreadsheet: true }).subjectId);
    if (columns.templateId !== undefined) templateIds.push(fields[columns.templateId]?.trim() ?? '');
  }
  const judges = { 'subject id': createIdJudge(subjectIds), 'template id': createIdJudge(templateIds) };
  return ({ start }) =>
    (column, id) =>
      judges[column].judge(column, id, start >= seenTo);
}

/** The rows that say something, with their numbers. What stands below the table of a database client is left out. */
async function* rowsFrom(
  bytes: ManifestBytes,
  {
    place,
    table,
    address,
    signal,
  }: { place: ManifestPosition; table: Table; address: string; signal: AbortSignal },
): AsyncGenerator<{ record: CsvRecord; row: number }> {
  const { columns, dialect } = table;
  let { row } = place;
  let lastRow = row;
  let held: { record: CsvRecord; row: number } | undefined;
  let isOpen = false;
  const reading = { bytes, offset: place.offset, fieldCount: columns.count, dialect, signal };
  for await (const read of readCsvRecords(reading)) {
    signal.throwIfAborted();
    const record = withoutEndMark(read, bytes.sizeInBytes);
    row += 1;
    if (isBlank(record)) continue;
    isOpen ||= 'broken' in record && record.isOpen === true;
    const isRow = 'fields' in record && record.fields.length === columns.count;
    if (record.end >= bytes.sizeInBytes) await checkEnd(bytes, { isCut: isOpen && !isRow, row, address });
    if (held !== undefined) yield held;
    held = undefined;
    if (columns.count > 1 && totalOf(record) !== undefined) held = { record, row };
    else {
      yield { record, row };
      lastRow = row;
    }
  }
  if (held === undefined) return;
  const said = totalOf(held.record) ?? 0;
  if (said > lastRow)
    yield { row: held.row, record: { ...held.record, broken: cutShort(said, lastRow), isCut: true } };
}

/**
 * @param options.isCut a quote was never closed, and the last record is no row either
 * @throws UsageError if the end shows that the rest is missing
 */
async function checkEnd(
  bytes: ManifestBytes,
  { isCut, row, address }: { isCut: boolean; row: number; address: string },
): Promise<void> {
  const { hasLineEnd, isInCharacter } = await endOf(bytes);
  if (isInCharacter) throw cutOffSource(address, `a character of row ${row}`);
  if (isCut && !hasLineEnd)
    throw cutOffSource(address, `a field whose quote is not closed, about row ${row}`);
}

const cutShort = (said: number, there: number) =>
  `says that there are ${said} rows, and ${there} came before it: the list is not whole; export it again`;

/** A row must end where listing continues; otherwise the manifest has changed. */
async function checkPlace(
  bytes: ManifestBytes,
  { offset }: ManifestPosition,
  address: string,
): Promise<void> {
  const { sizeInBytes } = bytes;
  const [lastByte] = offset > 0 && offset < sizeInBytes ? await bytes.read(offset - 1, 1) : [];
  const isLineEnd = lastByte === 0x0a || lastByte === 0x0d;
  if (offset > sizeInBytes || (offset < sizeInBytes && !isLineEnd)) throw changedSource(address);
}

/** A row without any text: an empty line, or the empty rows that spreadsheets leave at a table's end. It is counted. */
function isBlank(record: CsvRecord): boolean {
  return 'fields' in record && record.fields.every((field) => field.trim() === '');
}

async function listRecord(
  bytes: ManifestBytes,
  {
    record,
    table: { columns },
    position,
    ...options
  }: RowOptions & { record: CsvRecord; table: Table; position: ManifestPosition },
): Promise<ListedPhoto> {
  const name = `row ${position.row}`;
  const base = { row: position.row, cursor: cursorOf(position) };
  if ('broken' in record) return { ...base, problem: `${name} ${record.broken}` };
  const { fields } = record;
  const field = (index: number | undefined) => (index === undefined ? undefined : fields[index]);
  const metadata = Object.fromEntries(columns.metadata.map(({ name, index }) => [name, fields[index] ?? '']));
  const row = { place: name, ...base, subjectId: field(columns.subjectId), photo: field(columns.photo) };
  const listed = listedRow(
    { ...row, templateId: field(columns.templateId), version: field(columns.version), metadata },
    options,
  );
  if (isPadding(record)) {
    return { ...base, problem: `${name} is NUL bytes: the list was not written to its end; export it again` };
  }
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
