import { namesThatComeTwice } from '../../util/names-that-come-twice.ts';
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
  const twice = namesThatComeTwice(text);
  const double = idNames.find((name) => twice.has(name));
  if (double !== undefined) {
    yield { line, problem: `it has "${double}" twice: who is meant?` };
    return;
  }
  for (const item of Array.isArray(value) ? value : [value]) {
    const subjectId = idOf(item);
    yield subjectId === undefined
      ? { line, problem: 'it has no id of a subject that is text or a whole number' }
      : { line, subjectId };
  }
}

const idNames = ['subjectId', 'subject_id', 'id'] as const;

function idOf(item: unknown): string | undefined {
  const fields = typeof item === 'object' && item !== null ? (item as Record<string, unknown>) : {};
  const value = typeof item === 'object' ? idNames.map((name) => fields[name]).find(isGiven) : item;
  if (typeof value === 'string') return value;
  // A number too large to be read exactly would be another id.
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

const isGiven = (value: unknown) => value !== undefined && value !== null;
