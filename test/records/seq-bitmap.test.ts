import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSeqBitmap } from '../../src/records/report/seq-bitmap.ts';
import { randomInputs } from '../helpers/long.ts';

const seqs = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 300_000 })));

describe('which seqs have a line', () => {
  it.each([
    ['none', []],
    ['the first', [1]],
    ['all of a byte', [8, 9, 10, 11, 12, 13, 14, 15]],
    ['the last of what it begins with, and the next', [8_191, 8_192]],
    ['a late one, after early ones', [3, 8_192, 20_000]],
    ['one far beyond', [5, 1_000_000]],
  ])('is known of %s, also after it was written down', (_, seqs) => {
    const bitmap = createSeqBitmap();
    expect(seqs.map((seq) => bitmap.add(seq))).toEqual(seqs.map(() => true));
    for (const some of [bitmap, createSeqBitmap(bitmap.encode())]) {
      expect(some.count).toBe(seqs.length);
      expect(seqs.map((seq) => some.add(seq))).toEqual(seqs.map(() => false));
      expect(some.count).toBe(seqs.length);
      const near = seqs.flatMap((seq) => [seq - 1, seq, seq + 1, seq + 8]);
      for (const seq of [1, 2, 30_000_000, ...near])
        expect(some.has(seq)).toBe(new Set<number>(seqs).has(seq));
    }
  });

  it('is what a set would say, also after it was written down and read back', () => {
    fc.assert(
      fc.property(seqs, seqs, (first, second) => {
        const model = new Set<number>();
        const check = (bitmap: ReturnType<typeof createSeqBitmap>, added: number[]) => {
          for (const seq of added) {
            expect(bitmap.has(seq)).toBe(model.has(seq));
            expect(bitmap.add(seq)).toBe(!model.has(seq));
            model.add(seq);
          }
          expect(bitmap.count).toBe(model.size);
          for (const seq of [...first, ...second, 1, 299_999, 10_000_000])
            expect(bitmap.has(seq)).toBe(model.has(seq));
        };
        const bitmap = createSeqBitmap();
        check(bitmap, first);
        check(createSeqBitmap(bitmap.encode()), second);
      }),
      { numRuns: randomInputs(50) },
    );
  });

  it('takes one bit a photo: ten million fit into 2 MB, and their checkpoint into little', () => {
    const bitmap = createSeqBitmap();
    for (let seq = 1; seq <= 10_000_000; seq += 1) bitmap.add(seq);
    expect(bitmap.count).toBe(10_000_000);
    expect(bitmap.encode().length).toBeLessThan(10_000);
    expect(createSeqBitmap(bitmap.encode()).count).toBe(10_000_000);
  });
});
