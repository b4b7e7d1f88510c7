import type { Dir, Dirent } from 'node:fs';
import { lstat, opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FaultError } from '../../util/errors.ts';
import type { LeftOutReason } from '../left-out.ts';

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
  /** Of a folder that is not entered. */
  readonly leftOut?: LeftOutReason;
}

export interface WalkOptions {
  readonly root: string;
  /** The last path of the earlier walk: this one continues after it. */
  readonly after: string | undefined;
  readonly signal: AbortSignal;
  /** Why a folder is not entered; undefined: it is. */
  readonly whyNotEntered: (path: string) => LeftOutReason | undefined;
}

/**
 * Walks a folder in a fixed order: the names of one folder compared by code units, what lies in a folder in that
 * folder's place. Only the folders on the way to the current entry are held in memory. Folders themselves are not
 * given, but for those that cannot be read and those that are not entered.
 * @throws FaultError if the file system fails, or a folder is replaced while it is read: then nobody knows what is missing
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
    if (kind !== 'folder') {
      yield { path, kind };
      continue;
    }
    const leftOut = options.whyNotEntered(path);
    if (leftOut === undefined) yield* walkInside(path, rest, options);
    else yield { path, kind, leftOut };
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
  { root, signal }: WalkOptions,
): Promise<Entries | { readonly errorCode: string }> {
  const names: string[] = [];
  const kinds = new Map<string, EntryKind>();
  const place = join(root, folder);
  try {
    const before = await folderIdentity(place);
    for await (const entry of await openFolder(place)) {
      signal.throwIfAborted();
      const { name, isBad } = decodeName(entry.name);
      if (from !== undefined && name < from) continue;
      const kind = isBad ? badlyNamed(entry) : await kindOf(entry, join(place, name));
      names.push(name);
      if (kind !== 'file') kinds.set(name, kind);
    }
    if (!isSameFolder(await folderIdentity(place), before)) throw replacedFolder(place);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof FaultError) throw error;
    const errorCode = (error as NodeJS.ErrnoException).code ?? String(error);
    if (!isOfOneFolder(errorCode)) throw failingFolder(place, error);
    return { errorCode };
  }
  names.sort((one, other) => (one < other ? -1 : one > other ? 1 : 0));
  return { names, kinds };
}

/** What ails one folder, and stays so: its rights, its name, or that it is gone. All else is the file system's. */
const ofOneFolder = new Set(['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG']);
export const isOfOneFolder = (code: string) => ofOneFolder.has(code);

/** What tells a folder from another one under its name. */
export type FolderIdentity = Readonly<Record<'device' | 'inode' | 'bornAt', bigint>>;

/** Links are followed. @throws as `stat` does */
export async function folderIdentity(path: string): Promise<FolderIdentity> {
  const { dev, ino, birthtimeNs } = await stat(path, { bigint: true });
  return { device: dev, inode: ino, bornAt: birthtimeNs };
}

/** What was mounted has another device. Inodes alone prove nothing: some network drives make new ones as they like. */
export const isSameFolder = (one: FolderIdentity, other: FolderIdentity) =>
  one.device === other.device && (one.inode === other.inode || one.bornAt === other.bornAt);

export function failingFolder(path: string, cause: unknown): FaultError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  return new FaultError(
    'source-unreadable',
    `The folder ${path} could not be read to its end (${code}): the list would not be whole. See to its drive or network share, then start the same command again; it goes on where it stopped.`,
    { cause },
  );
}

export function replacedFolder(path: string): FaultError {
  return new FaultError(
    'source-replaced',
    `The folder ${path} was replaced or unmounted while it was listed: the list would not be whole. Restore it, then start the same command again.`,
  );
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
