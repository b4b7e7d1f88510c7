import { type AuditLine, auditStatuses } from '../records/audit-line.ts';
import type { AuditSummary } from '../records/audit-summary.ts';
import { plural } from '../util/plural.ts';

/** For people. `report`: where its lines are. */
export function describeAudit(summary: AuditSummary, report: string): string[] {
  const { audit, engine, seed, byStatus, byReason, population, verifications, identifications } = summary;
  const { held, heldChosen, forgotten, forgottenChosen, unclear } = population;
  const rows = auditStatuses
    .filter((status) => status === 'present' || byStatus[status] !== undefined)
    .map((status) => `  ${status.padEnd(15)} ${String(byStatus[status] ?? 0).padStart(9)}`);
  const reasons = Object.entries(byReason).map(([reason, count]) => `${reason}: ${count}`);
  const calls = verifications + identifications;
  return [
    `Audit ${audit} of ${engine}: ${heldChosen} of ${plural(held, 'subject')} that the ledger says it holds (seed ${seed})`,
    ...(forgotten > 0
      ? [`  and ${forgottenChosen} of ${plural(forgotten, 'subject')} that are forgotten`]
      : []),
    ...rows,
    ...(reasons.length > 0 ? [`  unknown as      ${reasons.join(', ')}`] : []),
    `  calls           ${String(calls).padStart(9)}  (${plural(verifications, 'verification')}, ${plural(identifications, 'identification')})`,
    ...boundRows(summary),
    ...(unclear > 0
      ? [
          `Not asked about: ${plural(unclear, 'subject')} of whom the ledger does not know what the engine holds (rollcall coverage names them)`,
        ]
      : []),
    `Report: ${report}`,
  ];
}

function boundRows({ bound }: AuditSummary): string[] {
  if (!bound) return ['Nobody could be judged: the audit says nothing of how many are missing'];
  const { atMost, judged, missing, of, atMostWithUnknown } = bound;
  const judgedAll = judged === of;
  const first = judgedAll
    ? `${missing} of ${of} missing, changed or shadowed (${percent(atMost)}); everybody was judged`
    : `At most ${percent(atMost)} missing (95 %): ${missing} of ${judged} judged, of ${of}`;
  if (atMostWithUnknown === undefined) return [first];
  return [first, `At most ${percent(atMostWithUnknown)}, should all be missing who could not be judged`];
}

/** Rounded up: a bound that is too small is none. */
export function percent(share: number): string {
  const digits = share > 0 && share < 0.0001 ? 6 : 4;
  return `${Number((Math.ceil(share * 10 ** digits - 1e-9) / 10 ** (digits - 2)).toFixed(digits - 2))} %`;
}

/** What, whom, by whom in their place, why. */
export function findingRow({
  status,
  subjectId = '',
  photo = '',
  reason,
  answeredBy,
  error,
}: AuditLine): string[] {
  const other = answeredBy?.forgotten
    ? 'the template of somebody who is forgotten'
    : (answeredBy?.subjectId ?? answeredBy?.templateId ?? '');
  return [status, subjectId, other, error?.code ?? reason ?? '', photo, error?.message ?? ''];
}
