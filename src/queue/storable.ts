/** How JSON writes a NUL and a surrogate without its partner. */
const suspicious = /\\u(?:0000|d[89a-f])/i;
const replacement = '\uFFFD';

/**
 * The same value in a form that every store takes: text of file names and engines may hold a NUL or half of a
 * surrogate pair, with which PostgreSQL refuses the whole job. They become U+FFFD, in keys too.
 */
export function storable<T>(value: T): T;
export function storable(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  const text = JSON.stringify(value);
  return text !== undefined && suspicious.test(text) ? rewritten(JSON.parse(text)) : value;
}

export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', replacement);
}

/** An error whose message and stack can be stored. */
export function storableError(cause: unknown): Error {
  const original = cause instanceof Error ? cause : new Error(String(cause));
  const error = new Error(storableText(original.message), { cause });
  error.stack = storableText(original.stack ?? original.message);
  return error;
}

function rewritten(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(rewritten);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [storableText(key), rewritten(item)]));
}
