import type { ListEntry, ListReader } from './list-entry.ts';
import { readListLines } from './list-lines.ts';

/** JSON lines: an object with the subject's id, the id itself, or an array of either. */
export const readJsonList: ListReader = async function* (bytes, options) {
  for await (const entry of readListLines(bytes, options)) {
    if ('problem' in entry) yield entry;
    else if (entry.text.trim() !== '') yield* entriesOf(entry.text, entry.line);
  }
};

function* entriesOf(text: string, line: number): Generator<ListEntry> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    yield { line, problem: 'it is no JSON; one value a line is needed. Was the list written to its end?' };
    return;
  }
  for (const item of Array.isArray(value) ? value : [value]) {
    const subjectId = idOf(item);
    yield subjectId === undefined
      ? { line, problem: 'it has no id of a subject that is text or a whole number' }
      : { line, subjectId };
  }
}

function idOf(item: unknown): string | undefined {
  const fields = typeof item === 'object' && item !== null ? (item as Record<string, unknown>) : {};
  const value = typeof item === 'object' ? (fields.subjectId ?? fields.subject_id ?? fields.id) : item;
  if (typeof value === 'string') return value;
  // A number too large to be read exactly would be another id.
  return Number.isSafeInteger(value) ? String(value) : undefined;
}
