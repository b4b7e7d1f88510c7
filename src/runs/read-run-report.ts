import { readReport } from '../records/read-report.ts';
import type { ReportLine } from '../records/report-line.ts';
import { runFolderOf } from '../records/run-record.ts';
import type { Rollcall } from './open-rollcall.ts';

/**
 * The lines of a run's report, one a photo, one at a time however long it is. A run that is over has them in the order
 * of its manifest; a run under way has those photos that are done.
 */
export function readRunReport({ state }: Rollcall, runId: string): AsyncGenerator<ReportLine> {
  return readReport(state, runFolderOf(runId));
}
