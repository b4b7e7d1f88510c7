import { type AuditLine, auditStatuses } from '../../records/audit/audit-line.ts';
import type { AuditSummary } from '../../records/audit/audit-summary.ts';
import type { CommandMoney } from '../../records/money.ts';
import type { NotAsked } from '../../runs/audit/not-asked.ts';
import { percentAtMost } from '../../util/percent.ts';
import { plural } from '../../util/plural.ts';
import { show } from './describe-money.ts';

const mostNamed = 3;

/** For people. `report`: where its lines are. */
export function describeAudit(
  summary: AuditSummary,
  { report, notAsked }: { report: string; notAsked: NotAsked },
): string[] {
  const { audit, engine, seed, byStatus, byReason, population, verifications, identifications, money } =
    summary;
  const { held, heldChosen, undone = 0, undoneChosen = 0 } = population;
  const { forgotten, forgottenChosen, unclear } = population;
  const rows = auditStatuses
    .filter((status) => status === 'present' || byStatus[status] !== undefined)
    .map((status) => `  ${status.padEnd(15)} ${String(byStatus[status] ?? 0).padStart(9)}`);
  const reasons = Object.entries(byReason).map(([reason, count]) => `${reason}: ${count}`);
  const calls = verifications + identifications;
  return [
    `Audit ${audit} of ${engine}: ${heldChosen} of ${plural(held, 'subject')} that the ledger says it holds (seed ${seed})`,
    ...(undone > 0 ? [`  and ${undoneChosen} of ${plural(undone, 'subject')} that were undone`] : []),
    ...(forgotten > 0
      ? [`  and ${forgottenChosen} of ${plural(forgotten, 'subject')} that are forgotten`]
      : []),
    ...rows,
    ...(reasons.length > 0 ? [`  unknown as      ${reasons.join(', ')}`] : []),
    `  calls           ${String(calls).padStart(9)}  (${plural(verifications, 'verification')}, ${plural(identifications, 'identification')})`,
    ...(money ? [costRow(money)] : []),
    ...boundRows(summary),
    ...ageRows(summary),
    ...(unclear > 0
      ? [
          `Not asked about: ${plural(unclear, 'subject')} of whom the ledger does not know what the engine holds (rollcall coverage names them)`,
        ]
      : []),
    ...omissionRows(notAsked),
    `Report: ${report}`,
  ];
}

const costRow = ({ atMost, budget }: CommandMoney) =>
  `  cost            ${show(atMost).padStart(9)}${budget === undefined ? '' : `  (budget ${show(budget)})`}`;

const dayInMs = 86_400_000;

/** Of one that was gone on with: its first answers say nothing of what happened since. */
function ageRows({ createdAt, finishedAt }: AuditSummary): string[] {
  if (Date.parse(finishedAt) - Date.parse(createdAt) < dayInMs) return [];
  return [
    `Asked from ${createdAt} on: answers of that time are not of today, and whoever was enrolled since was not asked about. Started again, it is another audit`,
  ];
}

function omissionRows({ openRuns, isAnybodyForgotten }: NotAsked): string[] {
  const named = openRuns.slice(0, mostNamed).join(', ');
  const more = openRuns.length > mostNamed ? ` and ${openRuns.length - mostNamed} more` : '';
  return [
    ...(openRuns.length > 0
      ? [`Not asked about: whom ${named}${more} enrolled. The ledger learns of a run when it is over`]
      : []),
    ...(isAnybodyForgotten
      ? [
          'Not asked about: forgotten subjects whom no list of a run names any more (rollcall forget asks by id)',
        ]
      : []),
  ];
}

function boundRows({ bound }: AuditSummary): string[] {
  if (!bound) return ['Nobody could be judged: the audit says nothing of how many are missing'];
  const { atMost, judged, missing, of, atMostWithUnknown } = bound;
  const judgedAll = judged === of;
  const first = judgedAll
    ? `${missing} of ${of} missing, changed or shadowed (${percentAtMost(atMost)}); everybody was judged`
    : `At most ${percentAtMost(atMost)} missing (95 %): ${missing} of ${judged} judged, of ${of}`;
  if (atMostWithUnknown === undefined) return [first];
  return [
    first,
    `At most ${percentAtMost(atMostWithUnknown)}, should all be missing who could not be judged`,
  ];
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
