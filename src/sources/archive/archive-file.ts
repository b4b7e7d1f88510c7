import { UsageError } from '../../util/errors.ts';

/** What lies in an archive file, as its directory or its headers say. */
export interface ArchiveEntry {
  /** With `/` between the parts and none at the ends; where there is a problem, as it is written, for people. */
  readonly path: string;
  readonly isFolder: boolean;
  /** Its name is no path in the archive file: what its folders are cannot be said. */
  readonly hasBadName: boolean;
  /** Why no photo can be read from it; the rest of a sentence that begins with its path. */
  readonly problem?: string;
  /** Changes with its content, as far as the archive file says. */
  readonly version: string;
  readonly sizeInBytes: number;
  /** Where it is found again by `entryAt`. */
  readonly position: number;
  /** Where the next one is found. */
  readonly next: number;
  /** The bytes that are its own: where they overlap those of another entry, one of the two is not what it says. */
  readonly range: readonly [from: number, to: number];
}

/** An open archive file whose entries are read at any place. */
export interface ArchiveFile {
  /** To find its entries takes so much reading that it is done once; `from` may not be heeded. */
  readonly isForward?: true;
  /**
   * Its entries in their order, from the beginning or a place on.
   * @throws UsageError where it is damaged or cut off
   */
  entries(options: { from?: number | undefined; signal: AbortSignal }): AsyncIterable<ArchiveEntry>;
  /** Undefined where there is none. */
  entryAt(position: number, signal: AbortSignal): Promise<ArchiveEntry | undefined>;
  /** The whole of an entry without a problem. */
  read(entry: ArchiveEntry, signal: AbortSignal): Promise<EntryBytes>;
  /** The first bytes of the entry that was listed last, a few at least; undefined where they cannot be read. */
  readBeginning(entry: ArchiveEntry, signal: AbortSignal): Promise<Buffer | undefined>;
  /** What is read by then fails with `ArchiveChangedError`. Its bytes are closed by who opened them. */
  close?(): Promise<void>;
}

export type EntryBytes = Buffer | { readonly problem: string };

/** @throws as UsageError: what is wrong is in the archive file, and nothing is to be derived from a part of it */
export function damagedArchive(address: string, what: string): UsageError {
  return new UsageError(
    'source-damaged',
    `${address} is damaged or cut off: ${what}. Give the whole of it (copied anew, or packed anew), then start the same command again.`,
  );
}
