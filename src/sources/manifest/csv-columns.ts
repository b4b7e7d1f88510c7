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
  const find = (name: string) => (known.includes(name) ? known.indexOf(name) : undefined);
  const subjectId = find('subject_id') ?? find('id');
  const photo = find('photo');
  if (subjectId === undefined || photo === undefined) {
    const guessed = guessColumns(names, await table.firstRows());
    throw missingColumns(names, table, {
      subjectId: subjectId ?? guessed.subjectId,
      photo: photo ?? guessed.photo,
    });
  }
  checkDuplicates(names, known, address);
  const columns = { subjectId, photo, templateId: find('template_id'), version: find('version') };
  const used = new Set<number | undefined>(Object.values(columns));
  const others = names.map((name, index) => ({ name, index })).filter(({ index }) => !used.has(index));
  return { count: names.length, ...columns, metadata: others.filter(({ name }) => name !== '') };
}

function missingColumns(names: readonly string[], table: CsvTable, meant: GuessedColumns): UsageError {
  const found = names.map((name) => JSON.stringify(name.slice(0, 60))).slice(0, 30);
  const more = names.length > found.length ? ` and ${names.length - found.length} more` : '';
  return new UsageError(
    'csv-columns',
    `${table.address} needs the columns subject_id (or id) and photo in its first row; ` +
      `the columns found are ${found.join(', ')}${more}.${delimiterHint(names) || renamingHint(names, table, meant)}`,
  );
}

/** Says which columns seem to be meant, and how they are renamed in a copy of a file on this machine. */
function renamingHint(
  names: readonly string[],
  { address, beginsWithHeader }: CsvTable,
  { subjectId, photo }: GuessedColumns,
): string {
  const renamed = [...names];
  if (subjectId !== undefined) renamed[subjectId] = 'subject_id';
  if (photo !== undefined) renamed[photo] = 'photo';
  const looks = [
    [subjectId, 'id'],
    [photo, 'photo'],
  ] as const;
  const seen = looks
    .filter(([index]) => index !== undefined && names[index] !== renamed[index])
    .map(([index = 0, what]) => `${JSON.stringify(names[index]?.slice(0, 60))} looks like the ${what}`);
  if (seen.length === 0) return '';
  const isPlain = names.every((name) => /^[^"',&\\/\p{C}]*$/u.test(name));
  const canCopy = isPlain && beginsWithHeader && subjectId !== undefined && photo !== undefined;
  const copy = `${address.slice(0, -extname(address).length)}-renamed.csv`;
  const command = `sed ${shellWord(`1s/.*/${renamed.join(',')}/`)} ${shellWord(address)} > ${shellWord(copy)}`;
  const how = canCopy && !isS3Address(address) ? `: ${command}` : '';
  return ` ${seen.join(', and ')}. Rename what is meant in the first row${how}`;
}

function delimiterHint(names: readonly string[]): string {
  const [only = '', ...others] = names;
  if (others.length > 0) return '';
  const delimiter = [';', '\t', '|'].find((character) => only.includes(character));
  if (delimiter === undefined) return '';
  const shown = delimiter === '\t' ? 'a tab' : `"${delimiter}"`;
  return ` The fields seem to be separated by ${shown}: save the file with commas.`;
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
