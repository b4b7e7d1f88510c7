import { paint, type Span, widthOf } from '../text/spans.ts';
import { writePainted } from './output.ts';

/** Lines for people: in colour, and wrapped between words, on a terminal; elsewhere a line stays a line. */
export function printSpans(lines: Iterable<readonly Span[]>): void {
  const { stdout } = process;
  const columns = stdout.isTTY ? stdout.columns || 80 : Number.POSITIVE_INFINITY;
  const shown = [...lines].flatMap((line) => wrap(line, columns));
  writePainted(shown.map((line) => `${paint(line, stdout)}\n`).join(''));
}

/** What goes on in the next line stands a little further to the right than what it belongs to. */
function wrap(line: readonly Span[], columns: number): readonly (readonly Span[])[] {
  const text = line.map((span) => span.text).join('');
  if (widthOf(text) <= columns) return [line];
  const [indent = ''] = /^ */.exec(text) ?? [];
  const rows: string[] = [];
  let row = indent;
  for (const word of text.trimStart().split(' ')) {
    const longer = row.trim() === '' ? row + word : `${row} ${word}`;
    if (row.trim() !== '' && widthOf(longer) > columns) {
      rows.push(row);
      row = `${indent}  ${word}`;
    } else row = longer;
  }
  return [...rows, row].map((text) => [{ text, style: line.length === 1 ? line[0]?.style : undefined }]);
}
