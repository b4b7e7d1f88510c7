import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellWord } from '../../src/util/shell-word.ts';

const texts = [
  ...['./photos', 's3://archive/staff/', '{id}/{photo}.{ext}', "Ann's photos", 'a b', '', '~', '-x', '=ls'],
  ...[
    '$HOME',
    '`id`',
    '$(id)',
    '"',
    "'",
    '\\',
    '!!',
    '*',
    '?',
    '#',
    '&',
    '|',
    ';',
    '<',
    '>',
    '%',
    '(1)',
    '{a,b}',
  ],
  ...[
    'Rene\u0301',
    '写真',
    '😀',
    'a\nb',
    'tab\there',
    "it's\n'so\\'",
    '\u200bhidden',
    '\u202eturned',
    '\u001b[2J',
  ],
];

test('a shell reads back each text, whatever is in it', () => {
  const command = `printf '%s\\0' ${texts.map(shellWord).join(' ')}`;
  const read = execFileSync('bash', ['-c', command], { encoding: 'utf8' }).split('\0').slice(0, -1);
  expect(read).toEqual(texts);
});

test('is one visible line, and plain where nothing need be quoted', () => {
  for (const text of texts) expect(shellWord(text)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
  for (const text of ['./photos', 's3://archive/staff/', 'people.csv']) expect(shellWord(text)).toBe(text);
});
