import { cut, padTo, type Span, widthOf } from './spans.ts';

export interface Column {
  readonly heading: string;
  /** Numbers stand at the right. */
  readonly isRight?: boolean;
  readonly width: number;
}

const gap = '  ';

/** As wide as the heading and the widest of its texts, and no wider than `most`. */
export const columnOf = (
  heading: string,
  texts: readonly string[],
  { isRight = false, most = Number.POSITIVE_INFINITY } = {},
): Column => ({
  heading,
  isRight,
  width: Math.min(
    most,
    texts.reduce((widest, text) => Math.max(widest, widthOf(text)), widthOf(heading)),
  ),
});

/** `most`: columns of the terminal, where there is one. */
export const headingRow = (columns: readonly Column[], most = Number.POSITIVE_INFINITY): Span[] => {
  const headings = columns.map(({ heading }) => heading);
  return [{ text: cut(tableRow(columns, headings), most), style: 'bold' }];
};

/** Texts under the headings of their columns; what is too wide is cut. The last one ends where it ends. */
export function tableRow(columns: readonly Column[], texts: readonly string[]): string {
  const cells = columns.map(({ width, isRight }, index) => {
    const cell = padTo(texts[index] ?? '', width);
    return isRight ? cell.trimEnd().padStart(cell.length) : cell;
  });
  return cells.join(gap).trimEnd();
}
