import type { AuditView } from '../../../src/serve/api/audits.ts';
import { percentAtMost } from '../../../src/util/percent.ts';
import { countOf, formatCount, formatTime } from '../format.ts';

/** What the newest audit of an account found: whether the engine holds what the ledger says. */
export function AuditFacts({ audit }: { audit: AuditView | null }) {
  if (!audit)
    return (
      <p class="muted">
        No audit yet. Whether the engine holds what it once said: <code>rollcall audit</code>
      </p>
    );
  const { id, state, sample, createdAt, result } = audit;
  if (!result)
    return (
      <p>
        Audit <span class="mono">{id}</span> asks since {formatTime(createdAt)} (sample {sample}).
      </p>
    );
  const { bound, total, byStatus } = result;
  return (
    <>
      <p>
        Audited {formatTime(result.finishedAt)}: {countOf(total, 'subject')} asked about (sample {sample}),{' '}
        <strong>{foundBy(result)}</strong>
        {bound && `, at most ${percentAtMost(bound.atMost)} of ${formatCount(bound.of)} missing (95 %)`}
        {state === 'repairing' ? '. What was missing is being enrolled anew.' : '.'}
      </p>
      <p class="facts">
        {Object.entries(byStatus).map(([status, count]) => (
          <span key={status}>
            {status} {formatCount(count)}
          </span>
        ))}
      </p>
    </>
  );
}

/** Where nobody could be judged, nothing was found either. */
function foundBy({ bound, findings, byStatus }: NonNullable<AuditView['result']>): string {
  if (findings > 0) return countOf(findings, 'finding');
  return bound || !byStatus.unknown ? 'nothing found' : 'nobody could be judged';
}
