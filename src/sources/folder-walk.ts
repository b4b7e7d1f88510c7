import type { Dir, Dirent } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * What an entry of a folder is; `unreadable` is a folder that cannot be listed, `special` a pipe, socket or device. A
 * name that is not UTF-8 cannot be opened by its path.
 */
export type EntryKind =
  | 'file'
  | 'folder'
  | 'link'
  | 'special'
  | 'unreadable'
  | 'badly-named-file'
  | 'badly-named-folder';

/** An entry of the walk: its path from the root, with `/` between the parts. */
export interface WalkEntry {
  readonly path: string;
  readonly kind: EntryKind;
  /** Of an unreadable folder: the system's code, such as `EACCES`. */
  readonly errorCode?: string;
}

export interface WalkOptions {
  readonly root: string;
  /** The last path of the earlier walk: this one continues after it. */
  readonly after: string | undefined;
  readonly signal: AbortSignal;
  /** Whether an entry is wanted; folders that are not wanted are not entered. Nothing is kept of the others. */
  readonly accepts: (path: string, kind: EntryKind) => boolean;
}

/**
 * Walks a folder in a fixed order: the names of one folder compared by code units, what lies in a folder in that
 * folder's place. Only the folders on the way to the current entry are held in memory. Folders themselves are not
 * given, but for those that cannot be read.
 */
export async function* walkFolder(options: WalkOptions): AsyncGenerator<WalkEntry> {
  const after = options.after === undefined ? undefined : options.after.split('/');
  yield* walkInside('', after, options);
}

async function* walkInside(
  folder: string,
  after: readonly string[] | undefined,
  options: WalkOptions,
): AsyncGenerator<WalkEntry> {
  options.signal.throwIfAborted();
  const entries = await readEntries(folder, after?.[0], options);
  if ('errorCode' in entries) {
    yield { path: folder, kind: 'unreadable', errorCode: entries.errorCode };
    return;
  }
  for (const name of entries.names) {
    options.signal.throwIfAborted();
    const path = folder === '' ? name : `${folder}/${name}`;
    const kind = entries.kinds.get(name) ?? 'file';
    const rest = name === after?.[0] ? after.slice(1) : undefined;
    if (rest?.length === 0) continue;
    if (kind === 'folder') yield* walkInside(path, rest, options);
    else yield { path, kind };
  }
}

interface Entries {
  readonly names: readonly string[];
  /** Kinds of those that are no files, which are few. */
  readonly kinds: ReadonlyMap<string, EntryKind>;
}

async function readEntries(
  folder: string,
  from: string | undefined,
  { root, accepts, signal }: WalkOptions,
): Promise<Entries | { readonly errorCode: string }> {
  const names: string[] = [];
  const kinds = new Map<string, EntryKind>();
  try {
    for await (const entry of await openFolder(join(root, folder))) {
      signal.throwIfAborted();
      const { name, isBad } = decodeName(entry.name);
      if (from !== undefined && name < from) continue;
      const kind = isBad ? badlyNamed(entry) : await kindOf(entry, join(root, folder, name));
      if (!accepts(folder === '' ? name : `${folder}/${name}`, kind)) continue;
      names.push(name);
      if (kind !== 'file') kinds.set(name, kind);
    }
  } catch (error) {
    signal.throwIfAborted();
    return { errorCode: (error as NodeJS.ErrnoException).code ?? String(error) };
  }
  names.sort((one, other) => (one < other ? -1 : one > other ? 1 : 0));
  return { names, kinds };
}

/** Names come as bytes: decoded, a name that is not UTF-8 could not be distinguished from another. */
type RawEntry = Pick<Dirent, 'isFile' | 'isDirectory' | 'isSymbolicLink'> & { readonly name: Buffer };

async function openFolder(path: string): Promise<AsyncIterable<RawEntry>> {
  const encoding = 'buffer' as BufferEncoding; // understood by opendir, missing in its types
  const folder: Dir = await opendir(path, { encoding, bufferSize: 256 });
  return folder as unknown as AsyncIterable<RawEntry>;
}

/** A name that is not UTF-8 is shown with its odd bytes as `\xff`. */
function decodeName(bytes: Buffer): { name: string; isBad: boolean } {
  const name = bytes.toString('utf8');
  if (!name.includes('\uFFFD') || Buffer.from(name).equals(bytes)) return { name, isBad: false };
  const shown = bytes.toString('latin1').replace(/[\x80-\xff]/gu, (character) => {
    return `\\x${character.charCodeAt(0).toString(16)}`;
  });
  return { name: shown, isBad: true };
}

function badlyNamed(entry: RawEntry): EntryKind {
  return entry.isDirectory() ? 'badly-named-folder' : 'badly-named-file';
}

async function kindOf(entry: RawEntry, path: string): Promise<EntryKind> {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  if (entry.isSymbolicLink()) return 'link';
  const stats = await lstat(path).catch(() => undefined); // some file systems do not say what an entry is
  if (stats?.isFile()) return 'file';
  if (stats?.isDirectory()) return 'folder';
  return stats?.isSymbolicLink() ? 'link' : 'special';
}
