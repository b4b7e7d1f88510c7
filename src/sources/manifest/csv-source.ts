import { isUtf8 } from 'node:buffer';
import { UsageError } from '../../util/errors.ts';
import { readSubjectId } from '../read-subject-id.ts';
import type { ListedPhoto, Source } from '../source.ts';
import { type CsvColumns, readCsvColumns } from './csv-columns.ts';
import { type CsvDialect, firstLookSizeInBytes, firstRecords, readDialect } from './csv-dialect.ts';
import { isPadding, totalOf, withoutEndMark } from './csv-end.ts';
import { type CsvRecord, readCsvBatches, readCsvRecords } from './csv-records.ts';
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
        for await (const rows of rowsFrom(bytes, { place, table, address, signal })) {
          for (const { record, row } of rows) {
            signal.throwIfAborted();
            if ('broken' in record && record.isCut) gaps += 1;
            const position = { offset: record.end, row, mark: marked.mark };
            const judgeId = judge?.(record);
            const listed = listRecord({ record, table, position, folder, allowOutside, judgeId });
            yield mayBeNoUtf8(record, table.columns) ? await checkUtf8(bytes, record, listed) : listed;
          }
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

const rowsToGuessBy = 50;

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
      const columns = await readCsvColumns(record.fields, {
        address,
        beginsWithHeader: dialect.start <= 3 && record.start === dialect.start && beginning.includes('\n'),
        firstRows: async () => {
          const rows: (readonly string[])[] = [];
          for await (const row of firstRecords(beginning, { offset: record.end, dialect, signal, isWhole })) {
            if ('fields' in row && !isBlank(row)) rows.push(row.fields);
            if (rows.length >= rowsToGuessBy) break;
          }
          return rows;
        },
      });
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

interface Row {
  readonly record: CsvRecord;
  readonly row: number;
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
): AsyncGenerator<readonly Row[]> {
  const { columns, dialect } = table;
  let { row } = place;
  let lastRow = row;
  let held: Row | undefined;
  let isOpen = false;
  const reading = { bytes, offset: place.offset, fieldCount: columns.count, dialect, signal };
  for await (const batch of readCsvBatches(reading)) {
    signal.throwIfAborted();
    const rows: Row[] = [];
    for (const read of batch) {
      const record = withoutEndMark(read, bytes.sizeInBytes);
      row += 1;
      if (isBlank(record)) continue;
      isOpen ||= 'broken' in record && record.isOpen === true;
      const isRow = 'fields' in record && record.fields.length === columns.count;
      if (record.end >= bytes.sizeInBytes) {
        // What comes before a list's end that is none is listed all the same.
        yield rows.splice(0);
        await checkEnd(bytes, { isCut: isOpen && !isRow, row, address });
      }
      if (held !== undefined) rows.push(held);
      held = undefined;
      if (columns.count > 1 && totalOf(record) !== undefined) held = { record, row };
      else {
        rows.push({ record, row });
        lastRow = row;
      }
    }
    yield rows;
  }
  if (held === undefined) return;
  const said = totalOf(held.record) ?? 0;
  if (said > lastRow)
    yield [{ row: held.row, record: { ...held.record, broken: cutShort(said, lastRow), isCut: true } }];
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

function listRecord({
  record,
  table: { columns },
  position,
  ...options
}: RowOptions & { record: CsvRecord; table: Table; position: ManifestPosition }): ListedPhoto {
  const { row } = position;
  const place = `row ${row}`;
  const cursor = cursorOf(position);
  if ('broken' in record) return { row, cursor, problem: `${place} ${record.broken}` };
  const { fields } = record;
  const field = (index: number | undefined) => (index === undefined ? undefined : fields[index]);
  const metadata = Object.fromEntries(columns.metadata.map(({ name, index }) => [name, fields[index] ?? '']));
  const subjectId = field(columns.subjectId);
  const photo = field(columns.photo);
  const templateId = field(columns.templateId);
  const version = field(columns.version);
  const listed = listedRow({ place, row, cursor, subjectId, photo, templateId, version, metadata }, options);
  if (isPadding(record)) {
    return {
      row,
      cursor,
      problem: `${place} is NUL bytes: the list was not written to its end; export it again`,
    };
  }
  if (fields.length !== columns.count) {
    return { ...listed, problem: `${place} has ${fields.length} fields, the header has ${columns.count}` };
  }
  return listed;
}

/** Decoding leaves a replacement character where bytes are no UTF-8; it may stand there itself. */
const mayBeNoUtf8 = (record: CsvRecord, { count }: CsvColumns) =>
  'fields' in record &&
  record.fields.length === count &&
  record.fields.some((field) => field.includes('\uFFFD'));

async function checkUtf8(
  bytes: ManifestBytes,
  { start, end }: CsvRecord,
  listed: ListedPhoto,
): Promise<ListedPhoto> {
  const isValid = isUtf8(await readRange(bytes, { offset: start, sizeInBytes: end - start }));
  return isValid
    ? listed
    : { ...listed, problem: `row ${listed.row} is not valid UTF-8; save the list as UTF-8` };
}
