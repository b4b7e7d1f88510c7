import { parse } from 'csv-parse/sync';
import { formOf } from '../../sources/manifest/spreadsheet-ids.ts';
import { trimUnseen } from '../../sources/trim-text.ts';
import type { ListEntry, ListReader } from './list-entry.ts';
import { readListLines } from './list-lines.ts';

const idColumns = ['subject_id', 'subjectid', 'id'];
const separators = [',', ';', '\t'];
const totalLine = /^\((\d+) rows?\)$/u;

/** Whether a text file is a table: its first line names the column of ids, and others. */
export function isTable(beginning: Buffer): boolean {
  const first =
    beginning
      .toString('utf8')
      .split(/[\r\n]/u)
      .map(trimUnseen)
      .find((line) => line !== '' && !isComment(line)) ?? '';
  const fields = fieldsOf(first) ?? [];
  return fields.length > 1 && fields.some((field) => idColumns.includes(field.toLowerCase()));
}

/** Ids of a text file, one or several a line, with or without quotes; a first line `id`, comments (`# …`) are none. */
export const readTextList: ListReader = async function* (bytes, options) {
  let count = 0;
  let total: { line: number; rows: number } | undefined;
  let isFirst = true;
  for await (const entry of readListLines(bytes, options)) {
    const { line } = entry;
    if ('problem' in entry) {
      yield entry;
      continue;
    }
    const text = trimUnseen(entry.text.replaceAll(endMark, ''));
    if (text === '' || isComment(text)) continue;
    const isHeader = isFirst && idColumns.includes(text.toLowerCase());
    isFirst = false;
    if (isHeader) continue;
    if (total) yield { line: total.line, subjectId: `(${total.rows} rows)` };
    const rows = totalLine.exec(text)?.[1];
    total = rows === undefined ? undefined : { line, rows: Number(rows) };
    if (total) continue;
    count += 1;
    yield* entriesOf(text, line);
  }
  if (total && total.rows > count)
    yield {
      line: total.line,
      problem: `it says that there are ${total.rows} rows, and ${count} came before it: the list is not whole`,
    };
};

const endMark = String.fromCharCode(0x1a);
const isComment = (text: string) => /^#\s/u.test(text);

function* entriesOf(text: string, line: number): Generator<ListEntry> {
  const fields = fieldsOf(text);
  if (fields === undefined) {
    yield { line, problem: 'it opens a quote that is never closed. Was the list written to its end?' };
    return;
  }
  for (const subjectId of readingsOf(text, fields)) yield { line, subjectId };
}

/**
 * What a line with commas names. `emp-1, emp-2` are two; `Zoë, 2` is one id, whose parts do not look like ids; of
 * `Doe, Jane` nobody can know: whoever may be meant is named.
 */
function readingsOf(text: string, fields: readonly string[]): readonly string[] {
  if (text.includes('"')) return fields;
  const areNumbered = fields.every((field) => /^(?=.*\d)\S+$/u.test(field));
  if (areNumbered) return fields;
  const areAlike = new Set(fields.map(formOf)).size === 1;
  if (!areAlike) return [text];
  return fields.length > 1 ? [text, ...fields] : fields;
}

/** Undefined where a quote is never closed. */
function fieldsOf(text: string): string[] | undefined {
  if (!/[,;\t"']/u.test(text)) return [text];
  try {
    const [fields = []]: string[][] = parse(text, { delimiter: separators, trim: true, relax_quotes: true });
    return fields.map((field) => withoutApostrophes(trimUnseen(field))).filter((field) => field !== '');
  } catch {
    return undefined;
  }
}

/** As SQL writes texts. */
const withoutApostrophes = (field: string) => /^'(.*)'$/u.exec(field)?.[1] ?? field;
