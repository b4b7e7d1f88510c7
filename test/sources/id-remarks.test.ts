import { expect, test } from 'vitest';
import { createCaseTally } from '../../src/sources/layout/id-remarks.ts';
import { createRepeatTally } from '../../src/util/repeat-tally.ts';

function casesOf(ids: readonly string[]) {
  const tally = createCaseTally();
  for (const [index, subjectId] of ids.entries()) tally.add({ subjectId }, index + 1);
  return tally.found();
}

test.each<[string[], ReturnType<typeof casesOf>]>([
  [['Emp', 'EMP', 'emp'], { photos: 2, subjectId: 'EMP', seq: 2, firstSeq: 1 }],
  [['a', 'b', 'A'], { photos: 1, subjectId: 'A', seq: 3, firstSeq: 1 }],
  [['emp-1', 'emp-1', 'emp-1'], undefined],
  [['emp-1', 'emp-2', 'emp-3'], undefined],
  [['Zoë', 'ZOË', 'Zoe\u0308'], { photos: 1, subjectId: 'ZOË', seq: 2, firstSeq: 1 }],
  [['Zoë', 'Zoe\u0308'], undefined],
  [['17', '17'], undefined],
  [[], undefined],
])('ids that differ only in upper and lower case: %j', (ids, expected) => {
  expect(casesOf(ids)).toEqual(expected);
});

test('a row that is no photo has no part in it', () => {
  const tally = createCaseTally();
  tally.add({ subjectId: 'a' }, 1);
  tally.add({ subjectId: 'A', problem: 'row 2: photo is empty' }, 2);
  tally.add({}, 3);
  expect(tally.found()).toBeUndefined();
});

test.each<[string, string[], { text: string; photos: number } | undefined]>([
  ['no repeats', [], undefined],
  ['a few of one', Array(9).fill('a'), undefined],
  ['ten of one', Array(10).fill('a'), { text: 'a', photos: 11 }],
  ['few of many', Array.from({ length: 3_000 }, (_, index) => `${index % 1_000}`), undefined],
  [
    'many of one among few of many',
    Array.from({ length: 5_000 }, (_, index) => (index % 5 === 0 ? 'NULL' : `${index}`)),
    { text: 'NULL', photos: expect.any(Number) as unknown as number },
  ],
])('what is repeated most: %s', (_, repeats, expected) => {
  const tally = createRepeatTally();
  for (const [index, text] of repeats.entries()) tally.add(text, index + 2);
  const most = tally.most();
  expect(most && { text: most.text, photos: most.photos }).toEqual(expected);
  expect(most?.photos ?? 0).toBeLessThanOrEqual(repeats.filter((text) => text === most?.text).length + 1);
});
