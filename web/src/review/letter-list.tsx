import { useEffect, useRef } from 'preact/hooks';
import type { ReportLine } from '../../../src/records/report/report-line.ts';
import { useVirtual } from '../components/use-virtual.ts';
import type { Desk } from './desk.ts';
import { decisionWords } from './words.ts';

interface Props {
  readonly lines: readonly ReportLine[];
  /** The place of the one that is decided now. */
  readonly at: number;
  readonly decided: Desk['decided'];
  readonly onChoose: (at: number) => void;
}

const rowHeight = 54;

/** All dead letters beside the one that is decided, with what was decided of each. */
export function LetterList({ lines, at, decided, onChoose }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const list = useVirtual({ frame, count: lines.length, rowHeight, paddingStart: 0 });
  useEffect(() => list.show(Math.min(at, lines.length - 1)), [at]);
  const current = lines[at];
  return (
    <div
      class="letter-list"
      ref={frame}
      role="listbox"
      aria-label="Dead letters"
      tabIndex={0}
      aria-activedescendant={current && `letter-${current.seq}`}
    >
      <div style={{ height: `${list.height}px` }} role="presentation">
        {list.rows.map(({ index, start }) => {
          const line = lines[index];
          if (!line) return undefined;
          const decision = decided.get(line.seq);
          return (
            // Keys are the desk's: they work wherever the focus is.
            // biome-ignore lint/a11y/useKeyWithClickEvents: see above
            <div
              key={line.seq}
              id={`letter-${line.seq}`}
              role="option"
              aria-selected={index === at}
              aria-setsize={lines.length}
              aria-posinset={index + 1}
              tabIndex={-1}
              class="letter-row"
              style={{ top: `${start}px`, height: `${rowHeight}px` }}
              onClick={() => onChoose(index)}
            >
              <span class="letter-name">{line.subjectId ?? `no. ${line.seq}`}</span>
              <span class="muted small">
                {line.status} {line.error?.code ?? line.error?.kind ?? ''}
              </span>
              {decision && decision.action !== 'undecided' && (
                <span class="badge finished">{decisionWords[decision.action]}</span>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
