import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import {
  decisionActions,
  decisionSchema,
  editSchema,
  type PhotoEdit,
} from '../../records/decisions/decision.ts';
import { UsageError } from '../../util/errors.ts';
import { whyUnreadable } from '../../util/why-unreadable.ts';

/** A row of a file of decisions. `file`: as it is written there. */
export interface DecisionRow {
  /** Of the file, from 1, its header not counted. */
  readonly row: number;
  readonly seq: number;
  readonly action: (typeof decisionActions)[number];
  readonly reason?: string | undefined;
  readonly file?: string | undefined;
  readonly edit?: PhotoEdit | undefined;
}

const largestInBytes = 64 * 1024 * 1024;

const text = z
  .string()
  .trim()
  .transform((value) => (value === '' ? undefined : value));
const optionalText = text.nullish().transform((value) => value ?? undefined);
const rowSchema = z.object({
  seq: z.coerce.number().pipe(decisionSchema.shape.seq),
  action: z.enum(decisionActions, { error: `action is none of ${decisionActions.join(', ')}` }),
  reason: optionalText.pipe(decisionSchema.shape.reason),
  file: optionalText,
  rotate: z.union([z.number(), text]).nullish(),
  crop: z.union([z.looseObject({}), text]).nullish(),
});

/**
 * Reads decisions from a CSV (with a header) or JSONL file: seq, action, reason, file, rotate, crop; other columns are
 * passed over, and rows without an action, as a template has them.
 * @throws UsageError that names every row that cannot be read
 */
export async function readDecisionsFile(path: string): Promise<DecisionRow[]> {
  const content = await contentOf(path);
  const rows: DecisionRow[] = [];
  const bad: string[] = [];
  const rowOfSeq = new Map<number, number>();
  for (const [index, raw] of rowsOf(content, path).entries()) {
    const row = index + 1;
    if (typeof raw === 'object' && !String((raw as { action?: unknown }).action ?? '').trim()) continue;
    const read = readRow(raw);
    if (typeof read === 'string') bad.push(`row ${row}: ${read}`);
    else if (rowOfSeq.has(read.seq))
      bad.push(`row ${row}: seq ${read.seq} is in row ${rowOfSeq.get(read.seq)}, too`);
    else rows.push({ row, ...read });
    if (typeof read !== 'string') rowOfSeq.set(read.seq, row);
  }
  if (bad.length > 0) throw badRows(path, bad);
  return rows;
}

/** In upper or lower case. @throws UsageError where it has not those without which nothing is decided */
function columnsOf(names: readonly string[], path: string): string[] {
  const columns = names.map((name) => name.trim().toLowerCase());
  if (needed.every((name) => columns.includes(name))) return columns;
  throw badRows(path, [`the first row needs the columns seq and action, and has ${JSON.stringify(names)}`]);
}

const needed = ['seq', 'action'];

/** Names the first of them. */
export function badRows(path: string, bad: readonly string[]): UsageError {
  const shown = bad.slice(0, 20);
  const more = bad.length > shown.length ? [`and ${bad.length - shown.length} more`] : [];
  return new UsageError('decisions', `${path}: nothing was decided: ${[...shown, ...more].join('; ')}.`);
}

async function contentOf(path: string): Promise<string> {
  const fault = (what: string, cause?: unknown) =>
    new UsageError('decisions', `--decisions: ${path} ${what}.`, { cause });
  const size = await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
  if (size > largestInBytes)
    throw fault('is larger than 64 MiB: decide in several files, one after the other');
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw fault(whyUnreadable(error), error);
  });
  if (!isUtf8(bytes)) throw fault('is not in UTF-8: save it as UTF-8');
  return bytes.toString().replace(/^\uFEFF/u, '');
}

function rowsOf(content: string, path: string): unknown[] {
  if (content.trim() === '') throw badRows(path, ['it is empty']);
  if (/^\s*\{/u.test(content)) return jsonRowsOf(content, path);
  const [header = ''] = content.split(/[\r\n]/u, 1);
  const delimiter = [';', '\t'].find((character) => header.includes(character)) ?? ',';
  try {
    const columns = (names: string[]) => columnsOf(names, path);
    return parse(content, { columns, delimiter, skip_empty_lines: true, relax_column_count: true });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError('decisions', `${path} is no CSV: ${(error as Error).message}.`, { cause: error });
  }
}

function jsonRowsOf(content: string, path: string): unknown[] {
  const lines = content.split('\n').filter((line) => line.trim() !== '');
  const rows = lines.map(parseJson);
  if (rows.some((row) => typeof row !== 'object' || row === null || 'action' in row)) return rows;
  throw badRows(path, ['no line has an action']);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return 'no JSON';
  }
}

/** A text: what is wrong with it. */
function readRow(raw: unknown): Omit<DecisionRow, 'row'> | string {
  const parsed = rowSchema.safeParse(raw);
  if (!parsed.success) return firstIssue(parsed.error);
  const { seq, action, reason, file, rotate, crop } = parsed.data;
  const edit = readEdit({ rotate: rotate ?? undefined, crop: crop ?? undefined });
  if (typeof edit === 'string') return edit;
  const flaw = file === undefined && action === 'retry-file' ? 'retry-file needs a file' : undefined;
  if (flaw) return flaw;
  return { seq, action, reason, ...(file !== undefined && { file }), ...(edit && { edit }) };
}

function readEdit({ rotate, crop }: { rotate: unknown; crop: unknown }): PhotoEdit | undefined | string {
  if (rotate === undefined && crop === undefined) return undefined;
  const shares = typeof crop === 'string' ? sharesOf(crop) : crop;
  const parsed = editSchema.safeParse({
    rotate: Number(rotate ?? 0),
    ...(shares !== undefined && { crop: shares }),
  });
  if (parsed.success) return parsed.data;
  return parsed.error.issues.some(({ path: [field] }) => field === 'rotate')
    ? 'rotate is none of 0, 90, 180, 270'
    : 'crop is not left, top, width and height in shares of 1, such as 0.1 0 0.8 0.5';
}

function sharesOf(crop: string) {
  const [left, top, width, height, ...rest] = crop.split(/[\s;]+/u).map(Number);
  return rest.length > 0 ? {} : { left, top, width, height };
}

function firstIssue({ issues: [issue] }: z.ZodError): string {
  const field = issue?.path.join('.');
  if (field === undefined || field === '') return 'is no object of seq and action';
  if (field === 'action') return issue?.message ?? field;
  if (field === 'seq') return 'seq is no whole number from 1 on';
  return `${field} cannot be read: ${issue?.message}`;
}
