import type { CleanText } from '../util/foreign-text.ts';

/**
 * A copy of parsed JSON that can be stored anywhere: no deeper than `depth`, at most 100 entries on a level, texts
 * cleaned. A reply may nest a hundred thousand levels deep, which `JSON.stringify` does not survive, or hold a NUL,
 * which PostgreSQL does not. What is cut is left out. `leaveOut`: keys in lower case.
 */
export function copyForeignValue(value: unknown, options: CopyOptions): unknown {
  if (typeof value === 'string') return options.clean(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'object' || options.depth <= 0) return undefined;
  return Array.isArray(value) ? copyList(value, options) : copyRecord(value, options);
}

export interface CopyOptions {
  readonly clean: CleanText;
  readonly depth: number;
  readonly leaveOut?: ReadonlySet<string>;
}

/** The same for an object; undefined for anything else, or if nothing is left of it. */
export function copyForeignRecord(
  value: unknown,
  options: CopyOptions,
): Readonly<Record<string, unknown>> | undefined {
  if (!isObject(value)) return undefined;
  const copy = copyRecord(value, options);
  return Object.keys(copy).length > 0 ? copy : undefined;
}

function copyRecord(value: object, options: CopyOptions): Record<string, unknown> {
  const below = oneLevelBelow(options);
  const entries: [string, unknown][] = [];
  for (const [key, inner] of Object.entries(value).slice(0, entryLimit)) {
    if (key === '__proto__' || options.leaveOut?.has(key.toLowerCase())) continue;
    const copy = copyForeignValue(inner, below);
    if (copy !== undefined) entries.push([options.clean(key), copy]);
  }
  return Object.fromEntries(entries);
}

function copyList(value: readonly unknown[], options: CopyOptions): unknown[] {
  const below = oneLevelBelow(options);
  return value
    .slice(0, entryLimit)
    .map((inner) => copyForeignValue(inner, below))
    .filter((inner) => inner !== undefined);
}

const entryLimit = 100;

function oneLevelBelow(options: CopyOptions): CopyOptions {
  return { ...options, depth: options.depth - 1 };
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
