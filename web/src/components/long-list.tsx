// A table of absolutely placed rows: what the roles say, elements that are no longer laid out as a table do not.
// biome-ignore-all lint/a11y/useSemanticElements: see above
// biome-ignore-all lint/a11y/useFocusableInteractive: rows are read, not chosen
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useMedia } from './use-media.ts';
import { useVirtual } from './use-virtual.ts';

export interface Column<Row> {
  /** Stays the same while the table does. */
  readonly name: string;
  readonly heading: ComponentChildren;
  /** As of CSS grid. */
  readonly width: string;
  readonly isNumber?: boolean;
  readonly show: (row: Row) => ComponentChildren;
  /** In a narrow window the columns that are not hidden share two lines. */
  readonly isHiddenWhenNarrow?: boolean;
  readonly order?: 'ascending' | 'descending' | undefined;
}

interface Props<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
  readonly rowHeight?: number;
  /** Called when the last rows come into sight. */
  readonly onEnd?: () => void;
}

const headHeight = 36;

/** A table of which only the rows in sight are drawn, however many there are. */
export function LongList<Row>({ label, columns, rows, keyOf, rowHeight = 40, onEnd }: Props<Row>) {
  const frame = useRef<HTMLDivElement>(null);
  const isNarrow = useMedia('(max-width: 640px)');
  const shown = isNarrow ? columns.filter((column) => !column.isHiddenWhenNarrow) : columns;
  const list = useVirtual({ frame, count: rows.length, rowHeight, paddingStart: headHeight });
  const last = list.rows.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= rows.length - 30) onEnd?.();
  }, [last, rows.length, onEnd]);
  return (
    <div
      class="list-frame"
      ref={frame}
      role="table"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it can be reached by keyboard
      tabIndex={0}
      style={{ '--columns': shown.map(({ width }) => width).join(' '), height: `${list.height + 2}px` }}
    >
      <div class="list-head" role="row" aria-rowindex={1}>
        {shown.map(({ name, heading, isNumber, order }) => (
          <div key={name} role="columnheader" class={isNumber ? 'number' : ''} aria-sort={order}>
            {heading}
          </div>
        ))}
      </div>
      <div role="rowgroup" style={{ height: `${list.height - headHeight}px` }}>
        {list.rows.map(({ index, start }) => {
          const row = rows[index];
          if (row === undefined) return undefined;
          return (
            <div
              key={keyOf(row)}
              class="list-row"
              role="row"
              aria-rowindex={index + 2}
              style={{ top: `${start}px`, height: `${rowHeight}px` }}
            >
              {shown.map(({ name, isNumber, show }) => (
                <div key={name} role="cell" class={isNumber ? 'number' : ''}>
                  {show(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}
