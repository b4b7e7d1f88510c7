import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storable, storableError, storableText } from '../../src/queue/storable.ts';

describe('what can be stored', () => {
  it('is left as it is, the same object', () => {
    const value = { text: 'Größe 👍', list: [1, null, true], path: 'C:\\u0000' };
    expect(storable(value)).toEqual(value);
    const plain = { a: 1 };
    expect(storable(plain)).toBe(plain);
    expect(storable(undefined)).toBeUndefined();
  });

  it('holds no NUL and no half of a pair, wherever they were', () => {
    const ugly = { 'k\0': ['\ud800', { deep: 'x\udc00y' }], pair: '\ud83d\udc4d' };
    expect(storable(ugly)).toEqual({ 'k\uFFFD': ['\uFFFD', { deep: 'x\uFFFDy' }], pair: '👍' });
  });

  it('is so for any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.array(fc.integer({ min: 0, max: 0xffff })),
        (text, units) => {
          const wild = text + String.fromCharCode(...units);
          const clean = storableText(wild);
          expect(clean.isWellFormed() && !clean.includes('\0')).toBe(true);
          expect(clean).toHaveLength(wild.length);
          expect(storable({ wild })).toEqual({ wild: clean });
        },
      ),
    );
  });

  it('keeps an error with its cause', () => {
    const cause = new Error('bad\0');
    const error = storableError(cause);
    expect(error.message).toBe('bad\uFFFD');
    expect(error.stack).not.toContain('\0');
    expect(error.cause).toBe(cause);
    expect(storableError('text\0').message).toBe('text\uFFFD');
  });
});
