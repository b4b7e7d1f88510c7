import type { CsvRecord } from './csv-records.ts';

/** What old programs put at the end of a text file (0x1A). */
const endMark = String.fromCharCode(0x1a);
const endMarks = new RegExp(`${endMark}+$`, 'u');

/** The last record of a file without an end mark. */
export function withoutEndMark(record: CsvRecord, fileSizeInBytes: number): CsvRecord {
  if (!('fields' in record) || record.end < fileSizeInBytes || !record.fields.at(-1)?.endsWith(endMark))
    return record;
  return { ...record, fields: record.fields.map((field) => field.replace(endMarks, '')) };
}

/** `(42 rows)`, `42 rows selected.`, `42 rows in set (0.01 sec)`: what database clients write below a table. */
const total = /^\(?(\d+) rows?(?: (?:affected|selected|fetched|exported))?\)?\.?$|^(\d+) rows? in set\b.*$/iu;

/** How many rows a database client's total line says that there were; undefined for any other record. */
export function totalOf(record: CsvRecord): number | undefined {
  if (!('fields' in record)) return undefined;
  const { fields } = record;
  if (fields.some((field, index) => index > 0 && field.trim() !== '')) return undefined;
  const found = total.exec(fields[0]?.trim() ?? '');
  return found ? Number(found[1] ?? found[2]) : undefined;
}

/** NUL bytes where rows should be: what is left of a file that was never written to its end. */
export const isPadding = (record: CsvRecord) =>
  'fields' in record && record.fields.length === 1 && /^\0+$/u.test(record.fields[0] ?? '');
