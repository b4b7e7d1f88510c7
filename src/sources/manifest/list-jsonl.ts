import { UsageError } from '../../util/errors.ts';
import type { ListedPhoto } from '../source.ts';
import { type BoundedLine, boundedLines } from './bounded-lines.ts';
import { type ReportOptions, readJsonlRow } from './jsonl-row.ts';
import { listedRow } from './listed-row.ts';
import { cutOffSource, describeEnd } from './manifest-bytes.ts';
import { byteOrderMarkSize, checkManifestEncoding } from './manifest-encoding.ts';
import { cursorOf, type ManifestPosition } from './manifest-position.ts';

export interface JsonlOptions extends ReportOptions {
  readonly address: string;
  /** Absolute; relative paths begin here. */
  readonly folder: string;
  readonly allowOutside: boolean;
  readonly absoluteAnywhere?: boolean | undefined;
}

/**
 * Lists JSON lines from bytes that begin at `place`: `subjectId` (or `subject_id`, `id`), `photo`, optional
 * `templateId` (`template_id`), `version`, `metadata`; other fields are metadata. Of an earlier report's lines only
 * those are listed that `redrive` says; their paths are absolute and were checked by the run that wrote them.
 */
export async function* listJsonl(
  chunks: AsyncIterable<Buffer>,
  place: ManifestPosition,
  options: JsonlOptions,
): AsyncGenerator<ListedPhoto> {
  for await (const line of boundedLines(chunks, place)) {
    const isFirst = line.after.row === 1;
    if (isFirst) checkBeginning(line.bytes, options.address);
    if (line.isOpen) checkLastLine(line, options.address);
    const listed = listLine(isFirst ? withoutByteOrderMark(line) : line, options);
    if (listed !== undefined) yield listed;
  }
}

/** @throws UsageError for a last line without its end that is the beginning of an object */
function checkLastLine({ bytes, after }: BoundedLine, address: string): void {
  if (bytes === undefined) return;
  if (describeEnd(bytes.subarray(-4)).isInCharacter || isBeginningOfObject(bytes.toString('utf8').trim()))
    throw cutOffSource(address, `line ${after.row}`);
}

function isBeginningOfObject(text: string): boolean {
  if (!text.replace(/^\uFEFF/u, '').startsWith('{')) return false;
  try {
    JSON.parse(text.replace(/^\uFEFF/u, ''));
    return false;
  } catch (error) {
    // The parser wanted to read on.
    const { message } = error as Error;
    const [, position] = /at position (\d+)/u.exec(message) ?? [];
    return /end of JSON input|Unterminated/u.test(message) || Number(position) >= text.length;
  }
}

function listLine(line: BoundedLine, options: JsonlOptions): ListedPhoto | undefined {
  const row = readJsonlRow(line.bytes, options);
  const place = `line ${line.after.row}`;
  const base = { row: line.after.row, cursor: cursorOf(line.after) };
  switch (row.kind) {
    case 'empty':
    case 'settled':
      return undefined;
    case 'problem':
      return { ...base, problem: `${place} ${row.problem}` };
    case 'row': {
      const listed = listedRow({ place, ...base, ...row.fields }, options);
      return row.problem === undefined ? listed : { ...listed, problem: `${place} ${row.problem}` };
    }
  }
}

/** @throws UsageError for what is no JSONL at all. `bytes`: the first line, or its beginning */
export function checkBeginning(bytes: Buffer | undefined, address: string): void {
  if (bytes === undefined) return;
  checkManifestEncoding(bytes, address);
  if (!/^\uFEFF?\s*\[/u.test(bytes.toString('utf8', 0, 100))) return;
  throw new UsageError(
    'manifest-encoding',
    `${address} begins with a JSON array; one object a line is needed (JSONL).`,
  );
}

function withoutByteOrderMark(line: BoundedLine): BoundedLine {
  return line.bytes === undefined
    ? line
    : { ...line, bytes: line.bytes.subarray(byteOrderMarkSize(line.bytes)) };
}
