import { extname, resolve } from 'node:path';
import { openLocalManifest } from '../../sources/manifest/local-manifest.ts';
import { readRange } from '../../sources/manifest/manifest-bytes.ts';
import { byteOrderMarkSize, checkManifestEncoding } from '../../sources/manifest/manifest-encoding.ts';
import { isSpreadsheetError } from '../../sources/manifest/spreadsheet-ids.ts';
import { problemOfText } from '../../sources/read-subject-id.ts';
import { trimUnseen } from '../../sources/trim-text.ts';
import { UsageError } from '../../util/errors.ts';
import { readJsonList } from './json-list.ts';
import { readTable } from './table-list.ts';
import { isTable, readTextList } from './text-list.ts';

/** A subject of a list, and the line (from 1) on which it stands. */
export interface ListedSubject {
  readonly subjectId: string;
  readonly line: number;
}

interface ListOptions {
  /** For messages: the flag or argument that named the file. */
  readonly setting: string;
  /** Where a relative path begins. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** As `streamSubjectList`, all of them: a list of people to forget that is understood by half would be taken for done. */
export async function readSubjectList(path: string, options: ListOptions): Promise<ListedSubject[]> {
  const hint = `Where nobody is to be forgotten, leave ${options.setting} away`;
  const subjects: ListedSubject[] = [];
  for await (const subject of streamSubjectList(path, { ...options, hint })) subjects.push(subject);
  return subjects;
}

/**
 * Subject ids from a file: of `.csv` and `.tsv` the column `subject_id` (or `id`), of `.jsonl` texts or the field
 * `subjectId` (or `subject_id`, `id`; so that a run's `missing.jsonl` will do), of any other file one or several a line.
 * What nobody sees around an id is no part of it. Memory does not grow with the list.
 * @throws UsageError for a file that cannot be read, names nobody (with `hint`) or ends too early, and for a line that
 * names nobody
 */
export async function* streamSubjectList(
  path: string,
  { setting, folder, signal, hint }: ListOptions & { readonly hint?: string },
): AsyncGenerator<ListedSubject> {
  const address = resolve(folder, path);
  const fault = (what: string) => new UsageError('subject-list', `${setting}: ${what}.`);
  const bytes = await openLocalManifest(address).catch((error: Error) => {
    throw new UsageError('subject-list', `${setting}: ${error.message}`, { cause: error });
  });
  try {
    const beginning = await readRange(bytes, { offset: 0, sizeInBytes: 64 * 1024 });
    checkManifestEncoding(beginning, `${setting}: ${address}`);
    const offset = byteOrderMarkSize(beginning);
    const read = readerOf(address, beginning);
    let isEmpty = true;
    for await (const { line, ...entry } of read(bytes, { offset, beginning, signal })) {
      const problem = 'problem' in entry ? entry.problem : problemOfId(entry.subjectId);
      if (problem !== undefined) throw fault(`${address}, line ${line}: ${problem}`);
      if (!('subjectId' in entry)) continue;
      isEmpty = false;
      yield { subjectId: trimUnseen(entry.subjectId), line };
    }
    const more = hint === undefined ? '' : `. ${hint}`;
    if (isEmpty) throw fault(`${address} names nobody: look whether it was written to its end${more}`);
  } finally {
    await bytes.close();
  }
}

function readerOf(address: string, beginning: Buffer) {
  switch (extname(address).toLowerCase()) {
    case '.csv':
    case '.tsv':
      return readTable;
    case '.jsonl':
    case '.ndjson':
    case '.json':
      return readJsonList;
    default:
      return isTable(beginning) ? readTable : readTextList;
  }
}

function problemOfId(subjectId: string): string | undefined {
  const problem = problemOfText('subject id', subjectId);
  if (problem !== undefined) return problem;
  if (/[\r\n]/u.test(trimUnseen(subjectId))) return 'subject id goes over several lines; is a quote missing?';
  if (!isSpreadsheetError(trimUnseen(subjectId))) return undefined;
  return `subject id ${JSON.stringify(trimUnseen(subjectId))} is the error of a formula in a spreadsheet`;
}
