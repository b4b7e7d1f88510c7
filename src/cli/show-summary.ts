import { countDeadLetters, statuses } from '../records/report-line.ts';
import type { Summary } from '../records/summary.ts';

/** The summary for people. `folder` is where the run's files are. */
export function showSummary(summary: Summary, folder: string): string {
  const rows = statuses
    .filter((status) => status === 'enrolled' || (summary.byStatus[status] ?? 0) > 0)
    .map((status) => `  ${status.padEnd(10)} ${String(summary.byStatus[status] ?? 0).padStart(9)}`);
  const codes = Object.entries(summary.byCode).sort(([, a], [, b]) => b - a);
  const reasons = Object.entries(summary.byReason).sort(([, a], [, b]) => b - a);
  const deadLetters = countDeadLetters(summary.byStatus);
  const rate = summary.achievedRate === undefined ? '' : `, ${summary.achievedRate} calls a second`;
  const asked = summary.identifications ? `${summary.identifications} identifications, ` : '';
  const { verification } = summary;
  const saved = summary.savedCalls ? `; ${summary.savedCalls} saved by the preflight` : '';
  const leftOut = summary.leftOut
    ? ` (${summary.leftOut} other files were left out: no photos, or excluded)`
    : '';
  return [
    `Run ${summary.run} ${summary.state}: ${summary.total} photos${leftOut}`,
    ...rows,
    ...(codes.length > 0
      ? [`  by code    ${codes.map(([code, count]) => `${code}: ${count}`).join(', ')}`]
      : []),
    ...(reasons.length > 0
      ? [`  skipped as ${reasons.map(([reason, count]) => `${reason}: ${count}`).join(', ')}`]
      : []),
    `  calls      ${String(summary.calls).padStart(9)}  (${asked}${summary.retries} retries${rate}${saved})`,
    ...(verification
      ? [
          `  verified   ${String(verification.photos).padStart(9)}  (${verification.matched} found again as their own ` +
            `template${verification.lowestSimilarity === undefined ? '' : `, lowest similarity ${verification.lowestSimilarity}`})`,
        ]
      : []),
    `Report: ${folder}/report.jsonl${summary.leftOutOfReport ? ` (without ${summary.leftOutOfReport} unchanged photos: --report changed)` : ''}`,
    ...(summary.missing
      ? [`${summary.missing} subjects are enrolled and no longer in the source: ${folder}/missing.jsonl`]
      : []),
    ...(deadLetters > 0 ? [`${deadLetters} wait for a person: rollcall dead-letters ${summary.run}`] : []),
  ].join('\n');
}
