import { hasInvisible } from '../util/show-invisible.ts';
import type { Warning } from '../util/warning.ts';
import type { ListedPhoto } from './source.ts';
import { trimUnseen, unwrapText } from './trim-text.ts';

/** Longer ids than this are not ids; the engines' own limits are below it. */
export const maxSubjectIdLength = 512;

type ReadId = Pick<ListedPhoto, 'writtenId'> & {
  readonly subjectId: string;
  readonly warnings: readonly Warning[];
};

/**
 * The subject id that a cell or a path gives: without what nobody sees around it, since nobody means that.
 * `isSpreadsheet`: also without what keeps a spreadsheet from making a number of it.
 */
export function readSubjectId(written: string, { isSpreadsheet = false } = {}): ReadId {
  const trimmed = trimUnseen(written);
  const subjectId = isSpreadsheet ? trimUnseen(unwrapText(trimmed)) : trimmed;
  const isTrimmed = subjectId !== written;
  return {
    subjectId: subjectId.slice(0, maxSubjectIdLength),
    ...(isTrimmed && subjectId !== '' && { writtenId: written.slice(0, maxSubjectIdLength) }),
    warnings: [
      ...(isTrimmed ? (['id-trimmed'] as const) : []),
      ...(hasInvisible(subjectId) ? (['id-invisible'] as const) : []),
    ],
  };
}

/** Why a text cannot be an id; undefined if it can. */
export function problemOfText(name: string, text: string): string | undefined {
  if (trimUnseen(text) === '') return `${name} is empty`;
  if (text.includes('\0')) return `${name} holds a NUL character`;
  if (text.length > maxSubjectIdLength) return `${name} is longer than ${maxSubjectIdLength} characters`;
  return text.isWellFormed() ? undefined : `${name} is not valid Unicode`;
}
