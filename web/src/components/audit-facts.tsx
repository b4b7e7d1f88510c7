import type { AuditView } from '../../../src/serve/api/audits.ts';
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
  const { bound, findings, total, byStatus } = result;
  return (
    <>
      <p>
        Audited {formatTime(result.finishedAt)}: {countOf(total, 'subject')} asked about (sample {sample}),{' '}
        <strong>{findings === 0 ? 'nothing found' : countOf(findings, 'finding')}</strong>
        {bound && `, at most ${percent(bound.atMost)} of ${formatCount(bound.of)} missing (95 %)`}
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

const percent = (share: number) => `${Number((share * 100).toPrecision(2))} %`;
