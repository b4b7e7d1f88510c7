import { extname } from 'node:path';
import { isS3Address } from '../../storage/s3/s3-address.ts';
import { UsageError } from '../../util/errors.ts';
import { shellWord } from '../../util/shell-word.ts';
import { type GuessedColumns, guessColumns } from './guess-columns.ts';

/** Which field of a row is what. */
export interface CsvColumns {
  readonly count: number;
  readonly subjectId: number;
  readonly photo: number;
  readonly templateId: number | undefined;
  readonly version: number | undefined;
  readonly metadata: readonly { readonly name: string; readonly index: number }[];
}

/** A CSV manifest, where its columns are missing: to guess which are meant. */
export interface CsvTable {
  readonly address: string;
  /** Whether its header is the file's first line, and ends with a line feed. */
  readonly beginsWithHeader: boolean;
  firstRows(): Promise<readonly (readonly string[])[]>;
}

/**
 * Reads a CSV manifest's header. Known names are found in any case; names are trimmed. With both `subject_id` and
 * `id` there, `id` is metadata.
 * @throws UsageError that names the columns found, and those that seem to be meant
 */
export async function readCsvColumns(header: readonly string[], table: CsvTable): Promise<CsvColumns> {
  const { address } = table;
  const names = header.map((name) => name.trim());
  const known = names.map((name) => name.toLowerCase());
  const find = findIn(known);
  const subjectId = find('subject_id') ?? find('id');
  const photo = find('photo');
  if (subjectId === undefined || photo === undefined) throw await missingColumns(names, table);
  checkDuplicates(names, known, address);
  const columns = { subjectId, photo, templateId: find('template_id'), version: find('version') };
  const used = new Set<number | undefined>(Object.values(columns));
  const others = names.map((name, index) => ({ name, index })).filter(({ index }) => !used.has(index));
  return { count: names.length, ...columns, metadata: others.filter(({ name }) => name !== '') };
}

const findIn = (known: readonly string[]) => (name: string) =>
  known.includes(name) ? known.indexOf(name) : undefined;

/** The names of a header, for a message: the first of them, each cut short. */
export function quoteColumns(names: readonly string[]): string {
  const found = names.map((name) => JSON.stringify(name.trim().slice(0, 60))).slice(0, 30);
  const more = names.length > found.length ? ` and ${names.length - found.length} more` : '';
  return `${found.join(', ')}${more}`;
}

async function missingColumns(names: readonly string[], table: CsvTable): Promise<UsageError> {
  const [only = '', ...others] = names;
  const delimiter = others.length > 0 ? undefined : [';', '\t', '|'].find((one) => only.includes(one));
  const split = (fields: readonly string[]) =>
    delimiter === undefined
      ? fields
      : fields
          .join(',')
          .split(delimiter)
          .map((field) => field.trim());
  const rows = (await table.firstRows()).map(split);
  const hint = copyHint(split(names), table, { rows, delimiter });
  return new UsageError(
    'csv-columns',
    `${table.address} needs the columns subject_id (or id) and photo in its first row; ` +
      `the columns found are ${quoteColumns(names)}.${hint}`,
  );
}

/** The columns that seem to be meant, by their names or else by what is in them. */
function meantColumns(
  names: readonly string[],
  rows: readonly (readonly string[])[],
): { [Column in keyof GuessedColumns]: number | undefined } {
  const find = findIn(names.map((name) => name.toLowerCase()));
  const guessed = guessColumns(names, rows);
  return {
    subjectId: find('subject_id') ?? find('id') ?? guessed.subjectId,
    photo: find('photo') ?? guessed.photo,
  };
}

/**
 * Says what keeps the columns apart, if no comma does, which of them seem to be meant, and the command that says both in a
 * copy of a file on this machine.
 */
function copyHint(
  names: readonly string[],
  { address, beginsWithHeader }: CsvTable,
  { rows, delimiter }: { rows: readonly (readonly string[])[]; delimiter: string | undefined },
): string {
  const { subjectId, photo } = meantColumns(names, rows);
  const renamed = names.map((name, index) => {
    const isKnown = ['subject_id', 'id', 'photo'].includes(name.toLowerCase());
    return isKnown ? name : index === subjectId ? 'subject_id' : index === photo ? 'photo' : name;
  });
  const looks = [
    [subjectId, 'id'],
    [photo, 'photo'],
  ] as const;
  const seen = looks
    .filter(([index]) => index !== undefined && names[index] !== renamed[index])
    .map(([index = 0, what]) => `${JSON.stringify(names[index]?.slice(0, 60))} looks like the ${what}`);
  if (seen.length === 0 && delimiter === undefined) return '';
  const isPlain = names.every((name) => /^[^"',&\\/\p{C}]*$/u.test(name));
  const isComplete = subjectId !== undefined && photo !== undefined;
  const canCopy = beginsWithHeader && isComplete && (isPlain || seen.length === 0) && !isS3Address(address);
  const says = [
    ...(delimiter === undefined ? [] : [separatedBy(delimiter)]),
    ...(seen.length === 0 ? [] : [`${seen.join(', and ')}. Rename what is meant in the first row`]),
  ];
  const header = seen.length === 0 ? undefined : renamed.join(delimiter ?? ',');
  return ` ${says.join('. ')}${canCopy ? `: ${copyCommand(address, { header, delimiter })}` : ''}`;
}

function separatedBy(delimiter: string): string {
  const [shown, line] =
    delimiter === '\t' ? ['a tab', 'sep= and a tab'] : [`"${delimiter}"`, `sep=${delimiter}`];
  return `The fields seem to be separated by ${shown}: save the file with commas, or say so in a line before its first (${line})`;
}

/** A copy with another header, and with a line before it that says what keeps the columns apart. */
function copyCommand(
  address: string,
  { header, delimiter }: { header: string | undefined; delimiter: string | undefined },
): string {
  const from = shellWord(address);
  const to = shellWord(`${address.slice(0, -extname(address).length)}-renamed.csv`);
  const rows = header === undefined ? `cat ${from}` : `sed ${shellWord(`1s/.*/${header}/`)} ${from}`;
  if (delimiter === undefined) return `${rows} > ${to}`;
  const line = delimiter === '\t' ? String.raw`sep=\t\n` : `sep=${delimiter}\\n`;
  return `{ printf '${line}'; ${rows}; } > ${to}`;
}

/** Of two columns with one name, or one known name in two cases, only one could be read. */
function checkDuplicates(names: readonly string[], known: readonly string[], address: string): void {
  const reserved = ['subject_id', 'id', 'photo', 'template_id', 'version'];
  const keys = known.map((name, index) => (reserved.includes(name) ? name : (names[index] ?? '')));
  const seen = new Set<string>();
  const duplicates = new Set<string>();
  for (const key of keys) {
    if (key !== '' && seen.has(key)) duplicates.add(key);
    seen.add(key);
  }
  if (duplicates.size === 0) return;
  const shown = [...duplicates].slice(0, 30).map((name) => JSON.stringify(name.slice(0, 60)));
  throw new UsageError('csv-columns', `${address} has duplicate columns: ${shown.join(', ')}.`);
}
