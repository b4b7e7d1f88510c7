import { ledgerSourceOf } from '../../ledger/ledger-event.ts';
import type { AuditRecord } from '../../records/audit/audit-record.ts';
import type { RunRecord } from '../../records/run-record.ts';

/** The newest run of each source, which stands for the settings of all of them: photos of one source are repaired together. */
export const originsOf = (
  runs: readonly RunRecord[],
  { account }: AuditRecord,
): ReadonlyMap<string, RunRecord> =>
  new Map(
    runs
      .filter((run) => run.account === account)
      .toReversed()
      .map((run) => [ledgerSourceOf(run), run]),
  );

/** Whether a repair that has not come to its end has begun the run, or takes its settings from it. */
export const isNeededForRepairs = (
  run: RunRecord,
  { audit, runs }: { audit: AuditRecord; runs: readonly RunRecord[] },
): boolean =>
  run.id.startsWith(repairRunOf(audit, '')) || originsOf(runs, audit).get(ledgerSourceOf(run)) === run;

/** Without a number: how the names of all its repairs begin. */
export const repairRunOf = ({ id }: AuditRecord, number: number | '') => `${id}-repair${number}`;
