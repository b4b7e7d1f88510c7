import { UsageError } from '../util/errors.ts';

/** Which field of a row is what. */
export interface CsvColumns {
  readonly count: number;
  readonly subjectId: number;
  readonly photo: number;
  readonly templateId: number | undefined;
  readonly version: number | undefined;
  readonly metadata: readonly { readonly name: string; readonly index: number }[];
}

/**
 * Reads a CSV manifest's header. Known names are found in any case; names are trimmed. With both `subject_id` and
 * `id` there, `id` is metadata.
 * @throws UsageError that names the columns found
 */
export function readCsvColumns(header: readonly string[], address: string): CsvColumns {
  const names = header.map((name) => name.trim());
  const known = names.map((name) => name.toLowerCase());
  const find = (name: string) => (known.includes(name) ? known.indexOf(name) : undefined);
  const subjectId = find('subject_id') ?? find('id');
  const photo = find('photo');
  if (subjectId === undefined || photo === undefined) throw missingColumns(names, address);
  checkDuplicates(names, known, address);
  const columns = { subjectId, photo, templateId: find('template_id'), version: find('version') };
  const used = new Set<number | undefined>(Object.values(columns));
  const others = names.map((name, index) => ({ name, index })).filter(({ index }) => !used.has(index));
  return { count: names.length, ...columns, metadata: others.filter(({ name }) => name !== '') };
}

function missingColumns(names: readonly string[], address: string): UsageError {
  const found = names.map((name) => JSON.stringify(name.slice(0, 60))).slice(0, 30);
  const more = names.length > found.length ? ` and ${names.length - found.length} more` : '';
  return new UsageError(
    'csv-columns',
    `${address} needs the columns subject_id (or id) and photo in its first row; ` +
      `the columns found are ${found.join(', ')}${more}.${delimiterHint(names)}`,
  );
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
