import { createHash } from 'node:crypto';
import { UsageError } from '../../util/errors.ts';
import type { ListedPhoto } from '../source.ts';

/** How far a manifest is listed: the next row begins at `offset`; `row` rows came before it. */
export interface ManifestPosition {
  readonly offset: number;
  readonly row: number;
  /**
   * The manifest's mark when its listing was begun. Of an object it must be the same still; of a file, whose mark is made
   * from size and time, another one is said at the end: rows may only have been added.
   */
  readonly mark?: string | undefined;
}

/** A listing of a manifest: what its positions are marked with, and the version that it ends with. */
export interface MarkedListing {
  readonly mark: string | undefined;
  readonly version: string | undefined;
}

/** @throws UsageError if it goes on in another object than it was begun in */
export function markListing(
  begun: ManifestPosition | undefined,
  { version, mark, address }: { version: string | undefined; mark: string | undefined; address: string },
): MarkedListing {
  if (begun !== undefined && mark !== undefined && begun.mark !== mark) throw changedSource(address);
  const now = mark ?? (version === undefined ? undefined : markOf(version));
  const first = begun === undefined ? now : begun.mark;
  // A version that no file has: who compares it sees the change.
  return { mark: first, version: first === undefined || first === now ? version : `begun as ${first}` };
}

/** Short, and the same for the same text. */
export const markOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8);

export function cursorOf({ offset, row, mark }: ManifestPosition): string {
  return mark === undefined ? `${offset}:${row}` : `${offset}:${row}:${mark}`;
}

/** The position after the photo that was listed last; undefined at the beginning. */
export function positionAfter(after: ListedPhoto | undefined, address: string): ManifestPosition | undefined {
  if (after === undefined) return undefined;
  const [offset = '', row = '', mark] =
    /^(\d+):(\d+)(?::([0-9a-f]+))?$/u.exec(after.cursor ?? '')?.slice(1) ?? [];
  if (row === '')
    throw new UsageError(
      'source-changed',
      `Listing ${address} cannot go on: the run began with another source.`,
    );
  return { offset: Number(offset), row: Number(row), ...(mark !== undefined && { mark }) };
}

/** For a manifest that has changed since its listing was started. */
export function changedSource(address: string): UsageError {
  return new UsageError(
    'source-changed',
    `${address} has changed since this run began to list it: restore the old one, or start a new run with --new.`,
  );
}

/** For a manifest that somebody wrote to while it was read. */
export function changedWhileListed(address: string): UsageError {
  return new UsageError(
    'source-changed',
    `${address} was changed while it was listed: wait until it is written, then start a new run with --new.`,
  );
}
