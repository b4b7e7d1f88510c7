import { readFile, stat } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { decisionActions, decisionSchema, editSchema, type PhotoEdit } from '../../records/decision.ts';
import { UsageError } from '../../util/errors.ts';

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

/** Names the first of them. */
export function badRows(path: string, bad: readonly string[]): UsageError {
  const shown = bad.slice(0, 20);
  const more = bad.length > shown.length ? [`and ${bad.length - shown.length} more`] : [];
  return new UsageError('decisions', `${path}: nothing was decided.\n${[...shown, ...more].join('\n')}`);
}

async function contentOf(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > largestInBytes) throw new Error('it is larger than 64 MiB');
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/u, '');
  } catch (error) {
    throw new UsageError('decisions', `--decisions: ${path} cannot be read: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}

function rowsOf(content: string, path: string): unknown[] {
  if (/^\s*\{/u.test(content))
    return content
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map(parseJson);
  const [header = ''] = content.split(/[\r\n]/u, 1);
  const delimiter = [';', '\t'].find((character) => header.includes(character)) ?? ',';
  try {
    return parse(content, { columns: true, delimiter, skip_empty_lines: true, relax_column_count: true });
  } catch (error) {
    throw new UsageError('decisions', `${path} is no CSV: ${(error as Error).message}.`, { cause: error });
  }
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
