import type { RunView } from '../../../src/serve/api/runs.ts';
import { formatCount, formatShare } from '../format.ts';

/** How far a run is. While the list grows nobody knows of how many. */
export function RunProgress({ run }: { run: RunView }) {
  const { done, total, listed } = run;
  const whole = total ?? listed;
  const share = whole === 0 ? 0 : done / whole;
  return (
    <div>
      <span>
        <strong>{formatCount(done)}</strong> of {formatCount(whole)}
        {total === null ? ' listed so far' : ''} <span class="muted nowrap">{formatShare(done, whole)}</span>
      </span>
      <div
        class={`meter ${run.state}`}
        role="progressbar"
        aria-label={`Progress of ${run.id}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.floor(share * 100)}
      >
        {share > 0 && <span style={{ width: `${share * 100}%` }} />}
      </div>
    </div>
  );
}
