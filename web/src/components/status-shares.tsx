import type { Status } from '../../../src/records/report/report-line.ts';
import { formatCount, formatShare } from '../format.ts';
import { shownStatuses } from '../statuses.ts';

interface Props {
  readonly byStatus: Readonly<Partial<Record<Status, number>>>;
  /** What the bar's whole width stands for; undefined: those that are done. */
  readonly total?: number | undefined;
}

/** How photos ended, as one bar with its legend. What is not done yet stays empty. */
export function StatusShares({ byStatus, total }: Props) {
  const found = shownStatuses
    .map((status) => ({ status, count: byStatus[status] ?? 0 }))
    .filter(({ count }) => count > 0);
  const done = found.reduce((sum, { count }) => sum + count, 0);
  const whole = Math.max(total ?? done, done);
  return (
    <>
      <div class="share-bar" aria-hidden="true">
        {found.map(({ status, count }) => (
          <span key={status} class={`color-${status}`} style={{ flexGrow: count, flexBasis: 0 }} />
        ))}
        {whole > done && <span style={{ flexGrow: whole - done, flexBasis: 0 }} />}
      </div>
      <ul class="legend">
        {found.map(({ status, count }) => (
          <li key={status} class={`color-${status}`}>
            <span class="dot" aria-hidden="true" />
            <span>
              {status} <strong>{formatCount(count)}</strong>{' '}
              <span class="muted nowrap">{formatShare(count, whole)}</span>
            </span>
          </li>
        ))}
        {whole > done && (
          <li class="muted">
            to do <strong>{formatCount(whole - done)}</strong>
          </li>
        )}
      </ul>
    </>
  );
}
