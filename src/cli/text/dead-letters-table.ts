import { groupOf, type LetterGroup } from '../../conductor/what-helps.ts';
import type { ReportLine } from '../../records/report/report-line.ts';
import { plural } from '../../util/plural.ts';
import { showInvisible } from '../../util/show-invisible.ts';
import { cut, cutStart, type Span } from './spans.ts';
import { columnOf, headingRow, tableRow } from './table.ts';

/** The fields of a dead letter's row. */
export const fieldsOf = ({ seq, status, subjectId = '', photo = '', error, match }: ReportLine): string[] => [
  String(seq),
  status,
  error?.code ?? error?.kind ?? '',
  subjectId,
  photo,
  match ? `already enrolled as ${match.templateId} (${match.similarity})` : (error?.message ?? ''),
];

const photoAt = 4;
const headings = ['SEQ', 'STATUS', 'CODE', 'SUBJECT', 'PHOTO', 'WHY'];
/** How wide columns are is seen from as many rows. */
const measuredRows = 200;

/** Dead letters as people read them: aligned rows, and what each code means and what helps. */
export async function* deadLettersTable(
  letters: AsyncIterable<ReportLine>,
  columns: number,
): AsyncGenerator<Span[]> {
  const groups = new Map<string, { group: LetterGroup; count: number }>();
  let waiting: string[][] = [];
  let table: ReturnType<typeof columnsFor> | undefined;
  const flush = function* () {
    if (!table && waiting.length > 0) {
      table = columnsFor(waiting, columns);
      yield headingRow(table, columns);
    }
    const layout = table ?? [];
    for (const row of waiting) {
      const texts = row.map((text, index) =>
        index === photoAt ? cutStart(text, layout[index]?.width ?? 0) : text,
      );
      yield [{ text: cut(tableRow(layout, texts), columns) }];
    }
    waiting = [];
  };
  for await (const letter of letters) {
    const group = groupOf(letter);
    groups.set(group.name, { group, count: (groups.get(group.name)?.count ?? 0) + 1 });
    waiting.push(fieldsOf(letter).map(showInvisible));
    if (table || waiting.length >= measuredRows) yield* flush();
  }
  yield* flush();
  const most = [...groups.values()].sort((a, b) => b.count - a.count);
  for (const { group, count } of most) {
    yield [{ text: '' }];
    yield [
      { text: showInvisible(`${group.name}: ${group.meaning}`), style: 'bold' },
      { text: `, ${plural(count, 'photo')}` },
    ];
    yield [{ text: `  what helps: ${group.remedy}` }];
  }
}

/** The reason is given what the others leave; the photo's path the larger part of what is left before. */
function columnsFor(rows: readonly string[][], columns: number) {
  const textsOf = (index: number) => rows.map((row) => row[index] ?? '');
  const share = (part: number) => Math.floor(columns * part);
  const most = [10, 9, 28, share(0.15), share(0.25), columns];
  return headings.map((heading, index) =>
    columnOf(heading, textsOf(index), { isRight: index === 0, most: most[index] ?? columns }),
  );
}
