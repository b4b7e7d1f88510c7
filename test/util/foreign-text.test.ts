import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCleanText } from '../../src/util/foreign-text.ts';

describe('createCleanText', () => {
  test.each([
    ['a\0b\r\nc', 'a b c'],
    ['half \ud800', 'half \ufffd'],
    ['\u001b[31mred', '[31mred'],
    ['right\u202eleft', 'right left'],
    ['  fine  ', 'fine'],
    ['100 % of &amp; \\n stays', '100 % of &amp; \\n stays'],
  ])('%j', (text, expected) => expect(createCleanText({ secrets: [] })(text)).toBe(expected));

  test('cuts, never through a character', () => {
    const clean = createCleanText({ secrets: [], limit: 10 });
    expect(clean('0123456789')).toBe('0123456789');
    expect(clean('01234567890')).toBe('012345678…');
    expect(clean('01234567😀90')).toBe('01234567\ufffd…');
    expect(clean('01234567890', 11)).toBe('01234567890');
  });
});

const key = 'key/with=signs&"<+>';
const percentAll = (text: string, toHex = (code: number) => code.toString(16)) =>
  [...text].map((letter) => `%${toHex(letter.charCodeAt(0)).padStart(2, '0')}`).join('');
const forms: [string, (text: string) => string][] = [
  ['as it is', (text) => text],
  ['in capitals', (text) => text.toUpperCase()],
  ['in small letters', (text) => text.toLowerCase()],
  ['percent', encodeURIComponent],
  [
    'percent in small letters',
    (text) => encodeURIComponent(text).replace(/%../g, (hex) => hex.toLowerCase()),
  ],
  ['percent, every character', (text) => percentAll(text)],
  ['percent, in capitals', (text) => percentAll(text, (code) => code.toString(16).toUpperCase())],
  ['percent, twice', (text) => encodeURIComponent(encodeURIComponent(text))],
  ['JSON', (text) => JSON.stringify(text).slice(1, -1)],
  ['JSON in JSON', (text) => JSON.stringify(JSON.stringify(text)).slice(1, -1)],
  ['JSON of PHP', (text) => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/')],
  [
    'JSON, every character',
    (text) => [...text].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  ],
  ['JavaScript', (text) => [...text].map((letter) => `\\x${letter.charCodeAt(0).toString(16)}`).join('')],
  [
    'HTML',
    (text) =>
      text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
  ],
  [
    'HTML by names',
    (text) => text.replaceAll('&', '&AMP;').replaceAll('/', '&sol;').replaceAll('=', '&equals;'),
  ],
  ['HTML by numbers', (text) => [...text].map((letter) => `&#${letter.charCodeAt(0)};`).join('')],
  [
    'HTML by hex',
    (text) => [...text].map((letter) => `&#x${letter.charCodeAt(0).toString(16).toUpperCase()};`).join(''),
  ],
  ['HTML of percent', (text) => encodeURIComponent(text).replaceAll('%', '&#37;')],
  ['base64', (text) => Buffer.from(text).toString('base64')],
  ['base64 for addresses', (text) => Buffer.from(text).toString('base64url')],
  ['base64 behind a user', (text) => Buffer.from(`user:${text}`).toString('base64')],
  ['base64 behind two letters', (text) => Buffer.from(`ab${text}`).toString('base64')],
  ['base64 in something longer', (text) => Buffer.from(`{"k":"${text}","more":1}`).toString('base64')],
  ['base64 in percent', (text) => encodeURIComponent(Buffer.from(text).toString('base64'))],
  ['base64 in JSON of PHP', (text) => Buffer.from(text).toString('base64').replaceAll('/', '\\/')],
  ['hex', (text) => Buffer.from(text).toString('hex')],
  ['hex in capitals', (text) => Buffer.from(text).toString('hex').toUpperCase()],
];

describe('a secret is taken out', () => {
  const secrets = [key, 'idid', 'ab'];
  test.each(forms)('%s', (_, form) => {
    const clean = createCleanText({ secrets, limit: 300 });
    const text = clean(`say ${form(key)}; say`);
    expect(text).toMatch(/^say .*\[redacted\].*; say$/);
    // But for what surrounds it in base64 nothing is left of it.
    expect(text.length).toBeLessThan(60);
    expect(text.toLowerCase()).not.toMatch(/signs|with|%2f|a2v5|6b6579/);
  });

  test('whatever is before and behind it, and before it is cut', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 60 }),
        fc.constantFrom(...forms.map(([, form]) => form)),
        fc.integer({ min: 20, max: 60 }),
        (around, form, limit) => {
          const pieces = /key.{1,8}with|a2v5l3|6b65792f|\+>/;
          fc.pre(!pieces.test(around.toLowerCase()));
          const text = createCleanText({ secrets, limit })(`${around} ${form(key)} ${around}`);
          expect(text.toLowerCase()).not.toMatch(pieces);
        },
      ),
    );
  });

  test('one secret within another leaves no piece of either', () => {
    const clean = createCleanText({ secrets: ['abcd', 'abcdefgh', 'cdefghij'] });
    expect(clean('x abcdefghij y abcd z')).toBe('x [redacted] y [redacted] z');
  });

  test('words are not torn apart', () => {
    const clean = createCleanText({ secrets });
    for (const text of ['this identity', 'the key is signed with', 'a+b=c%20d', 'about', 'SGVsbG8gd29ybGQ='])
      expect(clean(text)).toBe(text);
  });

  test('long and deep texts take no time', () => {
    const clean = createCleanText({ secrets });
    for (const text of [
      '%25'.repeat(300_000),
      '\\'.repeat(1_000_000),
      '&'.repeat(1_000_000),
      `${'a'.repeat(19_990)}${key}`,
    ])
      expect(clean(text).length).toBeLessThanOrEqual(200);
  });
});

describe('what an address carries is taken out', () => {
  const clean = createCleanText({ secrets: [] });
  test.each([
    [
      'no https://a.example/b.jpg?X-Amz-Signature=51f0&v=2 there',
      'no https://a.example/b.jpg?[redacted] there',
    ],
    ['https://a.example/b?my_own_parameter=51f0', 'https://a.example/b?[redacted]'],
    ['(s3+x://user:51f0@a.example/b)', '(s3+x://[redacted]@a.example/b)'],
    ['"https:\\/\\/a.example\\/b?sig=51f0"', '"https:\\/\\/a.example\\/b?[redacted]"'],
    ['u=https%3A%2F%2Fa.example%2Fb%3Fsig%3D51f0', 'u=https%3A%2F%2Fa.example%2Fb%3F[redacted]'],
    ['<a href="http://a.example/?sig=51f0&amp;v=1">', '<a href="http://a.example/?[redacted]">'],
    ['https://a.example/b#51f0', 'https://a.example/b#[redacted]'],
    ['data:image/jpeg;base64,51f0', 'data:[redacted]'],
    ['at https://a.example/b.jpg?v=2', 'at https://a.example/b.jpg?v=2'],
    ['image /9j/4AAQSkZJRgABAQ== is bad', 'image [redacted] is bad'],
  ])('%s', (text, expected) => expect(clean(text)).toBe(expected));
});
