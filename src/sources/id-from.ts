import { UsageError } from '../util/errors.ts';

/** How a path gives the subject's id. */
export interface IdPattern {
  readonly pattern: string;
  /** With `{photo}` in it, a subject may have several photos. */
  readonly hasPhoto: boolean;
  /** The subject's id, or undefined if the path does not fit. `relativePath` has `/` between its parts. */
  match(relativePath: string): string | undefined;
  /** The same for a photo's path: a `.{ext}` at the pattern's end is passed over where its name has no suffix. */
  matchFile(relativePath: string): string | undefined;
}

/**
 * What a placeholder stands for: never a `/`, always at least one character. Where a path can be split in several
 * ways (`{id}_{photo}`), the first placeholder takes as much as it can. `{ext}` is the last suffix, without its dot.
 */
const placeholders = { id: '(?<id>[^/]+)', photo: '[^/]+', ext: '[^/.]+' } as const;

/**
 * Reads an `--id-from` pattern such as `{id}.{ext}` or `staff/{id}_{photo}.{ext}`. It is matched at the path's end, and
 * begins at the beginning of a folder's or file's name.
 * @throws UsageError for a pattern without `{id}`, or one that could be read in two ways
 */
export function parseIdPattern(pattern: string): IdPattern {
  const parts = pattern.split(/(\{[^{}]*\})/u).filter((part) => part !== '');
  const names = parts.filter((part) => part.startsWith('{')).map((part) => part.slice(1, -1));
  checkNames(pattern, names);
  checkNeighbours(pattern, parts);
  const expression = expressionOf(parts);
  const withoutSuffix =
    parts.at(-1) === '{ext}' && parts.at(-2)?.endsWith('.') ? suffixless(parts) : undefined;
  const match = (relativePath: string) => expression.exec(relativePath)?.groups?.id;
  return {
    pattern,
    hasPhoto: names.includes('photo'),
    match,
    matchFile(relativePath) {
      const name = relativePath.slice(relativePath.lastIndexOf('/') + 1);
      return (
        match(relativePath) ??
        (name.includes('.') ? undefined : withoutSuffix?.exec(relativePath)?.groups?.id)
      );
    },
  };
}

const expressionOf = (parts: readonly string[]) =>
  new RegExp(`(?:^|/)${parts.map(toExpression).join('')}$`, 'su');

/** The same without the `.{ext}` at its end. */
function suffixless(parts: readonly string[]): RegExp {
  const [before = '', ...rest] = parts.slice(0, -1).toReversed();
  return expressionOf([...rest.toReversed(), before.slice(0, -1)]);
}

function checkNames(pattern: string, names: readonly string[]): void {
  const unknown = names.find((name) => !Object.hasOwn(placeholders, name));
  if (unknown !== undefined)
    throw wrong(pattern, `{${unknown}} is unknown; there are {id}, {photo} and {ext}`);
  if (!names.includes('id')) throw wrong(pattern, 'it has no {id}, the part that becomes the subject id');
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw wrong(pattern, `{${twice}} is in it twice`);
}

function checkNeighbours(pattern: string, parts: readonly string[]): void {
  for (const [index, part] of parts.entries()) {
    if (!part.startsWith('{') && /[{}]/u.test(part)) throw wrong(pattern, 'a brace is not paired');
    const next = parts[index + 1];
    if (part.startsWith('{') && next?.startsWith('{')) {
      throw wrong(pattern, `nothing separates ${part} from ${next}; put a character between them`);
    }
  }
}

function toExpression(part: string): string {
  const name = part.slice(1, -1);
  if (part.startsWith('{') && Object.hasOwn(placeholders, name))
    return placeholders[name as keyof typeof placeholders];
  return part.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&');
}

function wrong(pattern: string, why: string): UsageError {
  return new UsageError(
    'id-from',
    `--id-from "${pattern}" (ROLLCALL_ID_FROM) cannot be used: ${why}. Examples: {id}.{ext}, {id}/{photo}.{ext}`,
  );
}
