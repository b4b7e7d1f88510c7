import { extname, resolve } from 'node:path';
import { boundedLines } from '../sources/bounded-lines.ts';
import { readCsvRecords } from '../sources/csv-records.ts';
import { openLocalManifest } from '../sources/local-manifest.ts';
import { chunksFrom, type ManifestBytes, readRange } from '../sources/manifest-bytes.ts';
import { byteOrderMarkSize, checkManifestEncoding } from '../sources/manifest-encoding.ts';
import { problemOfText } from '../sources/read-subject-id.ts';
import { UsageError } from '../util/errors.ts';

/** A subject of a list, and the line (from 1) on which it stands. */
export interface ListedSubject {
  readonly subjectId: string;
  readonly line: number;
}

/**
 * Subject ids from a file: of `.csv` the column `subject_id` (or `id`), of `.jsonl` the field `subjectId` (or
 * `subject_id`, `id`; so that a run's `missing.jsonl` will do), of any other file a line each, without the blanks
 * around it. Empty lines are passed over.
 * @param setting for messages: the flag that named the file
 * @throws UsageError for a file that cannot be read, and for a line that names nobody: a list of people to forget that
 * is understood by half would be taken for done
 */
export async function readSubjectList(
  path: string,
  { setting, folder, signal }: { setting: string; folder: string; signal: AbortSignal },
): Promise<ListedSubject[]> {
  const address = resolve(folder, path);
  const bytes = await openLocalManifest(address).catch((error: Error) => {
    throw new UsageError('subject-list', `${setting}: ${error.message}`, { cause: error });
  });
  try {
    const beginning = await readRange(bytes, { offset: 0, sizeInBytes: 64 * 1024 });
    checkManifestEncoding(beginning, `${setting}: ${address}`);
    const offset = byteOrderMarkSize(beginning);
    const kind = kinds[extname(address).toLowerCase()] ?? readLines;
    const subjects: ListedSubject[] = [];
    for await (const { subjectId, line } of kind(bytes, { offset, signal })) {
      const problem = problemOfText('subject id', subjectId ?? '');
      if (problem !== undefined)
        throw new UsageError('subject-list', `${setting}: ${address}, line ${line}: ${problem}.`);
      subjects.push({ subjectId: subjectId ?? '', line });
    }
    return subjects;
  } finally {
    await bytes.close();
  }
}

interface Found {
  readonly subjectId: string | undefined;
  readonly line: number;
}

type Reader = (
  bytes: ManifestBytes,
  options: { offset: number; signal: AbortSignal },
) => AsyncGenerator<Found>;

const readLines: Reader = async function* (bytes, { offset, signal }) {
  for await (const { bytes: text, after } of boundedLines(chunksFrom(bytes, { offset, signal }), {
    offset,
    row: 0,
  })) {
    const subjectId = text?.toString().trim();
    if (subjectId !== '') yield { subjectId, line: after.row };
  }
};

const readJsonLines: Reader = async function* (bytes, options) {
  for await (const { subjectId: text, line } of readLines(bytes, options))
    yield { subjectId: idOf(text ?? ''), line };
};

function idOf(text: string): string | undefined {
  try {
    const { subjectId, subject_id, id } = JSON.parse(text) as Record<string, unknown>;
    const value = subjectId ?? subject_id ?? id;
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  } catch {
    return undefined;
  }
}

const readCsv: Reader = async function* (bytes, { offset, signal }) {
  let column: number | undefined;
  let line = 0;
  for await (const record of readCsvRecords({ bytes, offset, signal })) {
    line += 1;
    const fields = 'fields' in record ? record.fields : [];
    if ('fields' in record && fields.every((field) => field.trim() === '')) continue;
    if (column !== undefined) yield { subjectId: fields[column], line };
    else column = columnOf(fields);
  }
};

function columnOf(header: readonly string[]): number {
  const names = header.map((name) => name.trim().toLowerCase());
  const column = names.includes('subject_id') ? names.indexOf('subject_id') : names.indexOf('id');
  if (column >= 0) return column;
  throw new UsageError(
    'csv-columns',
    'A .csv list of subjects needs the column subject_id (or id) in its first row; for one id a line, name the file .txt.',
  );
}

const kinds: Readonly<Record<string, Reader>> = {
  '.csv': readCsv,
  '.jsonl': readJsonLines,
  '.ndjson': readJsonLines,
};
