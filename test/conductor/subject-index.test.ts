import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSubjectIndex } from '../../src/conductor/decide.ts';

describe('the index of subjects', () => {
  it('says what a map would say', () => {
    const texts = fc.oneof(fc.string(), fc.constantFrom('a', 'b', '', '__proto__', '\u0000', 'é', 'é'));
    fc.assert(
      fc.property(fc.array(fc.tuple(texts, fc.integer({ min: 1, max: 2 ** 32 - 1 }))), (entries) => {
        const index = createSubjectIndex({ keepsLatest: true });
        const model = new Map<string, { first: number; latest: number }>();
        for (const [text, seq] of entries) {
          expect(index.get(text)).toEqual(model.get(text));
          index.enter(text, seq);
          model.set(text, { first: model.get(text)?.first ?? seq, latest: seq });
          expect(index.get(text)).toEqual(model.get(text));
        }
        for (const [text, seqs] of model) expect(index.get(text)).toEqual(seqs);
      }),
    );
  });

  it('keeps a million texts through its growth, at no moment in more than 24 bytes a text', () => {
    const index = createSubjectIndex({ keepsLatest: true });
    for (let seq = 1; seq <= 1_000_000; seq += 1) {
      index.enter(`subject-${seq}`, seq);
      if (seq >= 50_000 && seq % 5_000 === 0 && index.sizeInBytes > 24 * seq)
        throw new Error(`${index.sizeInBytes / seq} bytes a text at ${seq}`);
    }
    for (let seq = 1; seq <= 1_000_000; seq += 997)
      expect(index.get(`subject-${seq}`)).toEqual({ first: seq, latest: seq });
    expect(index.get('subject-0')).toBeUndefined();
  });
});
