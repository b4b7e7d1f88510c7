import { expect, it } from 'vitest';
import { logText } from '../../src/cli/text/log-text.ts';

const shown = (line: object) =>
  logText(JSON.stringify(line))
    .map(({ text }) => text)
    .join('');
const at = new Date(2026, 10, 28, 17, 4, 5).toISOString();

it('what is no line of a log stays as it is', () => {
  expect(logText('Error: \u001b[2J')).toEqual([{ text: 'Error: \\u001b[2J' }]);
});

it.each([
  [
    { level: 40, time: at, run: 'r1', reason: 'no answer', msg: 'trying again' },
    '17:04:05 warning  trying again (run: r1, reason: no answer)',
  ],
  [{ level: 30, time: at, msg: 'hello' }, '17:04:05 info  hello'],
  [{ level: 50, time: at, seq: 3, at: { a: 1 }, msg: 'x' }, '17:04:05 error  x (seq: 3, at: {"a":1})'],
  [
    { level: 20, time: at, reason: '\u001b[2J\nforged', msg: 'x' },
    '17:04:05 debug  x (reason: \\u001b[2J\\nforged)',
  ],
])('a line of the log as people read it: %j', (line, expected) => {
  expect(shown(line)).toBe(expected);
});
