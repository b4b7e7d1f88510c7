import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSeqBitmap } from '../../src/records/seq-bitmap.ts';
import { randomInputs } from '../helpers/long.ts';

const seqs = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 300_000 })));

describe('which seqs have a line', () => {
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
