import { afterEach, describe, expect, it } from 'vitest';
import { createLiveLines, type LiveLines } from '../../src/cli/terminal/live-lines.ts';
import { cut } from '../../src/cli/text/spans.ts';
import { openScreen, screenStream } from '../helpers/terminal-screen.ts';

const texts = [`first ${'='.repeat(150)}`, `second ${'-'.repeat(150)}`];
const linesFor = (columns: number) => texts.map((text) => [{ text: cut(text, columns) }]);

let live: LiveLines | undefined;
afterEach(() => live?.clear());

function open({ columns, reflows }: { columns: number; reflows: boolean }) {
  const screen = openScreen({ columns, reflows });
  const { stream, resize } = screenStream(screen, columns);
  live = createLiveLines(stream, reflows ? {} : { XTERM_VERSION: 'XTerm(390)' });
  const say = (text: string) => live?.above(() => stream.write(`${text}\n`));
  return { screen, resize, say, live };
}

describe.each([{ reflows: true }, { reflows: false }])('a terminal (%o)', ({ reflows }) => {
  it.each([
    [120, 60],
    [120, 80, 60],
    [60, 80, 120],
    // What a terminal without reflow cut off, xterm.js shows again when it grows; others do not.
    ...(reflows ? [[80, 60, 120, 61, 60, 119]] : []),
  ])(
    'has two lines and what was said above them, and no leftovers: %i, %i columns, …',
    async (first, ...others) => {
      const { screen, resize, say, live } = open({ columns: first, reflows });
      say('before');
      live.draw(linesFor);
      const expected = ['before'];
      for (const columns of [first, ...others]) {
        if (columns !== first) await resize(columns);
        say(`at ${columns}`);
        expected.push(`at ${columns}`);
        const drawn = linesFor(columns - 1).map(([span]) => span?.text);
        expect(await screen.rows()).toEqual([...expected, ...drawn]);
      }
      live.clear();
      say('after');
      expect(await screen.rows()).toEqual([...expected, 'after']);
      expect(screen.showsCursor()).toBe(true);
    },
  );

  it('at the bottom of the screen scrolls what was said, and nothing else', async () => {
    const { screen, resize, say, live } = open({ columns: 100, reflows });
    live.draw(linesFor);
    const said = Array.from({ length: 40 }, (_, index) => `line ${index}`);
    for (const [index, text] of said.entries()) {
      if (index % 10 === 5) await resize(reflows && index % 20 === 5 ? 100 : 60);
      say(text);
    }
    expect(await screen.rows()).toEqual([...said, ...linesFor(59).map(([span]) => span?.text)]);
  });
});

it('hides the cursor while it draws, and has it back whatever ends the process', async () => {
  const { screen, live } = open({ columns: 80, reflows: true });
  live.draw(linesFor);
  expect(screen.showsCursor()).toBe(false);
  process.listeners('exit').at(-1)?.(0);
  expect(screen.showsCursor()).toBe(true);
  expect(await screen.rows()).toEqual([]);
});
