import { UsageError } from '../util/errors.ts';
import type { ListedPhoto } from './source.ts';

/** How far a manifest is listed: the next row begins at `offset`; `row` rows came before it. */
export interface ManifestPosition {
  readonly offset: number;
  readonly row: number;
  /** The manifest's mark, where it has one: the position is valid for that content only. */
  readonly mark?: string | undefined;
}

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
