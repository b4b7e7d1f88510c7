import { isUtf8 } from 'node:buffer';
import { quoteColumns } from '../../sources/manifest/csv-columns.ts';
import { firstLookSizeInBytes, readDialect } from '../../sources/manifest/csv-dialect.ts';
import { isPadding, totalOf, withoutEndMark } from '../../sources/manifest/csv-end.ts';
import { type CsvRecord, readCsvRecords } from '../../sources/manifest/csv-records.ts';
import { readRange } from '../../sources/manifest/manifest-bytes.ts';
import { readSubjectId } from '../../sources/read-subject-id.ts';
import type { ListEntry, ListReader } from './list-entry.ts';
import { notUtf8 } from './list-lines.ts';

/** The column `subject_id` (or `id`) of a table, whatever keeps its columns apart. Lines are counted by rows. */
export const readTable: ListReader = async function* (bytes, { signal }) {
  const beginning = await readRange(bytes, { offset: 0, sizeInBytes: firstLookSizeInBytes });
  const delimiter = await delimiterOf(beginning, signal);
  const dialect = await readDialect(beginning, { delimiter, signal });
  let header: readonly string[] | undefined;
  let column = 0;
  let count = 0;
  let line = 0;
  let total: { line: number; rows: number } | undefined;
  for await (const read of readCsvRecords({ bytes, offset: dialect.start, dialect, signal })) {
    const record = withoutEndMark(read, bytes.sizeInBytes);
    line += 1;
    if ('fields' in record && record.fields.every((field) => field.trim() === '')) continue;
    if (total) yield { line: total.line, problem: 'it is no row of the table' };
    total = undefined;
    if (header === undefined) {
      header = 'fields' in record ? record.fields : [];
      const found = columnOf(header);
      if (typeof found === 'string') yield { line, problem: found };
      else column = found;
      continue;
    }
    const rows = header.length > 1 || count > 0 ? totalOf(record) : undefined;
    if (rows !== undefined) total = { line, rows };
    else {
      count += 1;
      const entry = entryOf(record, { line, column, width: header.length });
      yield (await isText(entry, record, bytes)) ? entry : { line, problem: notUtf8 };
    }
  }
  if (total && total.rows > count)
    yield {
      line: total.line,
      problem: `it says that there are ${total.rows} rows, and ${count} came before it: the list is not whole`,
    };
};

/** The character that makes a column of ids out of the first row. */
async function delimiterOf(beginning: Buffer, signal: AbortSignal): Promise<string> {
  for (const delimiter of [',', ';', '\t', '|']) {
    const header = await headerOf(beginning, { delimiter, signal });
    if (header.some(isIdColumn)) return delimiter;
  }
  return ',';
}

async function headerOf(
  beginning: Buffer,
  { delimiter, signal }: { delimiter: string; signal: AbortSignal },
): Promise<readonly string[]> {
  const dialect = await readDialect(beginning, { delimiter, signal });
  const bytes = {
    sizeInBytes: beginning.length,
    read: async (from: number, size: number) => beginning.subarray(from, from + size),
    close: async () => {},
  };
  for await (const record of readCsvRecords({ bytes, offset: dialect.start, dialect, signal }))
    if ('fields' in record && record.fields.some((field) => field.trim() !== '')) return record.fields;
  return [];
}

function entryOf(
  record: CsvRecord,
  { line, column, width }: { line: number; column: number; width: number },
): ListEntry {
  if ('broken' in record) return { line, problem: `it ${record.broken}. Was the list written to its end?` };
  const { fields } = record;
  if (isPadding(record)) return { line, problem: 'it is NUL bytes: the list was not written to its end' };
  const isWide = fields.slice(width).some((field) => field.trim() !== '');
  if (fields.length < width || isWide)
    return {
      line,
      problem: `it has ${fields.length} fields, the first row has ${width}. Was the list written to its end?`,
    };
  return { line, subjectId: readSubjectId(fields[column] ?? '', { isSpreadsheet: true }).subjectId };
}

/** Decoding leaves a replacement character where bytes are no UTF-8; it may stand there itself. */
async function isText(
  entry: ListEntry,
  { start, end }: CsvRecord,
  bytes: Parameters<ListReader>[0],
): Promise<boolean> {
  if (!('subjectId' in entry) || !entry.subjectId.includes('\uFFFD')) return true;
  return isUtf8(await readRange(bytes, { offset: start, sizeInBytes: end - start }));
}

const isIdColumn = (name: string) => ['subject_id', 'id'].includes(name.trim().toLowerCase());

/** Where the ids stand; else what is wrong with the first row. */
function columnOf(header: readonly string[]): number | string {
  const names = header.map((name) => name.trim().toLowerCase());
  const name = names.includes('subject_id') ? 'subject_id' : 'id';
  const column = names.indexOf(name);
  if (column !== names.lastIndexOf(name)) return `it has the column ${name} twice: which of them is meant?`;
  if (column >= 0) return column;
  return (
    'the first row of a table needs the column subject_id (or id); ' +
    `the columns found are ${quoteColumns(header)}. For one id a line, name the file .txt`
  );
}
