import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../src/ledger/snapshot/entry.ts';
import { gatherEntries } from '../../src/ledger/snapshot/gather-entries.ts';
import { createMemoryBytes } from './memory-bytes.ts';

describe('entries that are gathered', () => {
  const wordsOf = (number: number) => [number * 2_654_435_761, number, number + 1].map((word) => word >>> 0);

  it.each([
    ['none', 0, 0],
    ['more than memory is made for at first', 1_701, 0],
    ['more than stay in memory', 400_001, 1],
  ])('come back by partition: %s', async (_, count, scratch) => {
    const { bytes, counts } = createMemoryBytes();
    const gathered = gatherEntries({ bytes, folder: 'ledger/a', words: 3 });
    for (let number = 0; number < count; number += 1) {
      gathered.next().set(wordsOf(number));
      if (number % 50_000 === 0) await gathered.settle();
    }
    const seen = new Uint8Array(count);
    let wrong = 0;
    for (let partition = 0; partition < 256; partition += 1) {
      const found = await gathered.partition(partition);
      for (let place = 0; place < found.length; place += 3) {
        const number = found[place + 1] ?? 0;
        seen[number] = (seen[number] ?? 0) + 1;
        const isRight =
          partitionOf(found, place) === partition &&
          found[place] === wordsOf(number)[0] &&
          found[place + 2] === number + 1;
        if (!isRight) wrong += 1;
      }
    }
    expect([wrong, seen.every((times) => times === 1)]).toEqual([0, true]);
    expect(counts.scratch).toBe(scratch);
    await gathered.close();
    expect(counts.open).toBe(0);
  });
});
