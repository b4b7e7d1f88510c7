import { styleText } from 'node:util';
import measure from 'fast-string-truncated-width';

/** A piece of a line in one style. */
export interface Span {
  readonly text: string;
  readonly style?: 'green' | 'yellow' | 'red' | 'gray' | 'bold' | undefined;
}

/** Columns of a terminal: letters of East Asia and emoji take two. */
export const widthOf = (text: string): number => measure(text).width;

/** As much of a text as fits, with `…` in place of what does not. */
export function cut(text: string, columns: number): string {
  const { index, ellipsed } = measure(text, { limit: columns, ellipsis: '…', ellipsisWidth: 1 });
  let shown = text.slice(0, index);
  // It passes over signs that are neither Latin nor wide, such as a `…` before the end.
  while (shown !== '' && widthOf(shown) + (ellipsed ? 1 : 0) > columns)
    shown = [...shown].slice(0, -1).join('');
  return ellipsed ? `${shown}…` : shown;
}

/** The same, but it is the start that is left out: of a path the name matters. */
export function cutStart(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let shown = [...text].slice(-columns + 1);
  while (widthOf(shown.join('')) >= columns) shown = shown.slice(1);
  return `…${shown.join('')}`;
}

/** Filled up with blanks, or cut, to exactly so many columns. */
export function padTo(text: string, columns: number): string {
  const shown = cut(text, columns);
  return shown + ' '.repeat(Math.max(0, columns - widthOf(shown)));
}

/** In colour where the stream is a terminal that has any, and `NO_COLOR` is not set. */
export function paint(spans: readonly Span[], stream: NodeJS.WriteStream): string {
  return spans
    .map(({ text, style }) =>
      style && hasColours(stream) ? styleText(style, text, { validateStream: false }) : text,
    )
    .join('');
}

const hasColours = (stream: NodeJS.WriteStream) => stream.isTTY && stream.getColorDepth() > 1;
