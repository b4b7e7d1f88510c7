import type { CoverageView } from '../../../src/serve/api/coverages.ts';
import { countOf, formatCount, formatTime } from '../format.ts';

/** Who of the lists that were looked at has a template, in counts. */
export function CoverageFacts({ coverage }: { coverage: readonly CoverageView[] }) {
  if (coverage.length === 0)
    return (
      <p class="muted">
        No list of people was looked at yet. Who of it has no template: <code>rollcall coverage</code>
      </p>
    );
  return coverage.map(({ list, at, people, missing, byStatus }) => (
    <div key={`${list} ${at}`}>
      <p>
        Coverage of <span class="mono">{list}</span>, {formatTime(at)}: {countOf(people, 'person', 'people')},{' '}
        <strong>
          {missing === 0 ? 'nobody without a template' : `${formatCount(missing)} without a template`}
        </strong>
        .
      </p>
      <p class="facts">
        {Object.entries(byStatus).map(([status, count]) => (
          <span key={status}>
            {status} {formatCount(count)}
          </span>
        ))}
      </p>
    </div>
  ));
}
