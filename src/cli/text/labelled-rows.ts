import { showInvisible } from '../../util/show-invisible.ts';
import { cutStart, padTo, widthOf } from './spans.ts';

/** What there is to say under one word: `time      40m at 60 calls a second`. */
export interface LabelledRow {
  readonly label: string;
  readonly text: string;
  /** To be copied: the terminal wraps it, so that it stays one line. */
  readonly isCommand?: true;
  /** Below it: pairs in two columns, of which the first is cut where it is too long. */
  readonly pairs?: readonly (readonly [string, string])[];
}

/**
 * Lines of rows whose texts stand in one column and are wrapped to the terminal's width; elsewhere each text is one line.
 * @param columns of the terminal; absent: there is none
 */
export function layRows(
  rows: readonly LabelledRow[],
  { indent, labelWidth, columns }: { indent: number; labelWidth: number; columns?: number | undefined },
): string[] {
  const start = indent + labelWidth + 1;
  const width = columns === undefined ? Number.POSITIVE_INFINITY : Math.max(20, columns - start - 1);
  const below = ' '.repeat(start);
  return rows.flatMap(({ label, text, isCommand, pairs = [] }) => {
    const [first = '', ...rest] = isCommand ? [text] : wrap(showInvisible(text), width);
    return [
      `${' '.repeat(indent)}${label.padEnd(labelWidth)} ${first}`,
      ...rest.map((line) => `${below}${line}`),
      ...layPairs(pairs, width - 2).map((line) => `${below}  ${line}`),
    ];
  });
}

function layPairs(pairs: NonNullable<LabelledRow['pairs']>, width: number): string[] {
  const shown = pairs.map(([one, other]) => [showInvisible(one), showInvisible(other)] as const);
  const widest = Math.max(0, ...shown.map(([one]) => widthOf(one)));
  const widestOther = Math.max(0, ...shown.map(([, other]) => widthOf(other)));
  const most = Math.min(widest, Math.max(10, width - 3 - Math.min(widestOther, 30)));
  return shown.map(([one, other]) => `${padTo(cutStart(one, most), most)}   ${other}`.trimEnd());
}

/** At blanks; a word that is too long has a line of its own. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
