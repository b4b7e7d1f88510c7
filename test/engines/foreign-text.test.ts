import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCleanText } from '../../src/engines/foreign-text.ts';

describe('createCleanText', () => {
  test.each([
    ['a\0b\r\nc', 'a b c'],
    ['half \ud800', 'half \ufffd'],
    ['\u001b[31mred', '[31mred'],
    ['right\u202eleft', 'right left'],
    ['  fine  ', 'fine'],
  ])('%j', (text, expected) => expect(createCleanText({ secrets: [] })(text)).toBe(expected));

  test('cuts, never through a character', () => {
    const clean = createCleanText({ secrets: [], limit: 10 });
    expect(clean('0123456789')).toBe('0123456789');
    expect(clean('01234567890')).toBe('012345678…');
    expect(clean('01234567😀90')).toBe('01234567\ufffd…');
  });

  test('takes secrets out in every spelling, before it cuts', () => {
    const secrets = ['key/with=signs', 'id'];
    const clean = createCleanText({ secrets, limit: 60 });
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), fc.constantFrom(0, 1, 2), (before, spelling) => {
        const spellings = ['key/with=signs', 'key%2Fwith%3Dsigns', 'a2V5L3dpdGg9c2lnbnM='];
        const text = clean(`${before}${spellings[spelling]}`);
        expect(text).not.toMatch(/key.{1,3}with|a2V5/);
      }),
    );
    expect(clean('this identity')).toBe('this identity');
  });
});
