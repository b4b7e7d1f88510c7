import { expect, test } from 'vitest';
import { hasInvisible, showInvisible } from '../../src/util/show-invisible.ts';

test.each([
  ['a colour', 'emp\u001b[31m-1', 'emp\\u001b[31m-1'],
  ['a title of the terminal', '\u001b]0;owned\u0007x', '\\u001b]0;owned\\u0007x'],
  ['a link', '\u001b]8;;https://e.example\u001b\\x', '\\u001b]8;;https://e.example\\u001b\\x'],
  ['a C1 control sequence', '\u009b2Jx', '\\u009b2Jx'],
  ['a C1 string', '\u0090q\u009c', '\\u0090q\\u009c'],
  ['the next line of C1', 'a\u0085b', 'a\\u0085b'],
  ['carriage return', 'failed\renrolled', 'failed\\renrolled'],
  ['line feed', 'x\n17\tenrolled', 'x\\n17\\tenrolled'],
  ['backspaces', 'bad\b\b\bfine', 'bad\\u0008\\u0008\\u0008fine'],
  ['vertical tab, form feed, bell', '\v\f\u0007', '\\u000b\\u000c\\u0007'],
  ['delete', 'a\u007fb', 'a\\u007fb'],
  ['NUL', 'emp\0-1', 'emp\\u0000-1'],
  ['0x1A', '\u001a', '\\u001a'],
  ['line and paragraph separators', 'a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
  ['right-to-left override', 'emp\u202egpj.1', 'emp\\u202egpj.1'],
  ['isolates', '\u2066a\u2069', '\\u2066a\\u2069'],
  ['marks of direction', 'a\u200e\u200f\u061c', 'a\\u200e\\u200f\\u061c'],
  ['zero-width space, joiners, no-break', 'a\u200bb\u200cc\u200dd\ufeff', 'a\\u200bb\\u200cc\\u200dd\\ufeff'],
  ['word joiner and soft hyphen', 'a\u2060b\u00ad', 'a\\u2060b\\u00ad'],
  ['a filler without a glyph', 'a\u3164b', 'a\\u3164b'],
  ['tag characters', 'a\u{e0041}', 'a\\u{e0041}'],
  ['half a character', 'a\ud83d', 'a\\ud83d'],
])('%s is shown escaped', (_, text, shown) => {
  expect(showInvisible(text)).toBe(shown);
  expect(hasInvisible(text)).toBe(true);
});

test.each([
  'Jos\u00e9',
  'Jose\u0301',
  '山田\u3000太郎',
  'محمد',
  '😀',
  'C:\\new\\table',
  'a  b',
  '"quoted"',
  '',
])('%j stays as it is', (text) => {
  expect(showInvisible(text)).toBe(text);
  expect(hasInvisible(text)).toBe(false);
});
