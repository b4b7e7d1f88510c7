import type { PageDeadLetter } from '../../src/records/page-data.ts';

export type SortKey = 'seq' | 'subjectId' | 'photo' | 'status' | 'code';
export interface LetterOrder {
  readonly key: SortKey;
  readonly isDescending: boolean;
}
export const defaultOrder: LetterOrder = { key: 'seq', isDescending: false };

/** Those that have the text anywhere and the code; an empty one is not asked for. */
export function filterLetters(
  letters: readonly PageDeadLetter[],
  { text, code }: { readonly text: string; readonly code: string },
): PageDeadLetter[] {
  const wanted = text.trim().toLowerCase();
  return letters.filter(
    (letter) =>
      (code === '' || letter.code === code) &&
      (wanted === '' ||
        [letter.subjectId, letter.photo, letter.message, letter.status, letter.match?.templateId].some(
          (value) => value?.toLowerCase().includes(wanted),
        )),
  );
}

/** Numbers in texts count as numbers: `9` before `10`. Those without a value come last. */
const collator = new Intl.Collator('en', { numeric: true });

export function sortLetters(
  letters: readonly PageDeadLetter[],
  { key, isDescending }: LetterOrder,
): PageDeadLetter[] {
  const direction = isDescending ? -1 : 1;
  return letters.toSorted((a, b) => {
    const [left, right] = [a[key], b[key]];
    if (left === right) return a.seq - b.seq;
    if (left === undefined || right === undefined) return left === undefined ? 1 : -1;
    const order =
      typeof left === 'number' && typeof right === 'number'
        ? left - right
        : collator.compare(String(left), String(right));
    return order === 0 ? a.seq - b.seq : order * direction;
  });
}
