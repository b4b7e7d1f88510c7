import { describe, expect, it } from 'vitest';
import type { PageDeadLetter } from '../../src/records/page-data.ts';
import { defaultOrder, filterLetters, sortLetters } from '../../web/src/dead-letters.ts';

const letters: PageDeadLetter[] = [
  { seq: 3, subjectId: 'emp-10', photo: 'b/Anna.jpg', status: 'rejected', code: '5', message: 'no face' },
  { seq: 1, subjectId: 'emp-9', photo: 'a/1.jpg', status: 'failed', code: 'photo', message: 'gone' },
  { seq: 2, photo: 'c.jpg', status: 'rejected', code: '10' },
];
const seqs = (list: readonly PageDeadLetter[]) => list.map(({ seq }) => seq);

describe('the table of dead letters', () => {
  it('filters by text anywhere, in either case, and by code', () => {
    expect(seqs(filterLetters(letters, { text: ' ANNA ', code: '' }))).toEqual([3]);
    expect(seqs(filterLetters(letters, { text: 'rejected', code: '10' }))).toEqual([2]);
    expect(seqs(filterLetters(letters, { text: '', code: '' }))).toEqual([3, 1, 2]);
    expect(filterLetters(letters, { text: 'nobody', code: '' })).toEqual([]);
  });

  it('sorts numbers in texts as numbers, and what has no value last in both directions', () => {
    expect(seqs(sortLetters(letters, defaultOrder))).toEqual([1, 2, 3]);
    expect(seqs(sortLetters(letters, { key: 'subjectId', isDescending: false }))).toEqual([1, 3, 2]);
    expect(seqs(sortLetters(letters, { key: 'subjectId', isDescending: true }))).toEqual([3, 1, 2]);
    expect(seqs(sortLetters(letters, { key: 'code', isDescending: false }))).toEqual([3, 2, 1]);
    expect(seqs(sortLetters(letters, { key: 'status', isDescending: false }))).toEqual([1, 2, 3]);
  });
});
