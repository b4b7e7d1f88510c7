import { setTimeout as delay } from 'node:timers/promises';
import type { RunEnd } from '../conductor/conducting.ts';
import { readSummary } from '../conductor/finish-run.ts';
import { readReport } from '../records/report/read-report.ts';
import type { ReportLine } from '../records/report/report-line.ts';
import {
  isOver,
  listRunRecords,
  type RunRecord,
  readRunRecord,
  reasonForPause,
  runFolderOf,
} from '../records/run-record.ts';
import { UsageError } from '../util/errors.ts';
import type { Rollcall } from './open-rollcall.ts';

type WithState = Pick<Rollcall, 'state'>;

/** The runs of the state with their progress as of now, the newest first. */
export function listRuns({ state }: WithState): Promise<RunRecord[]> {
  return listRunRecords(state);
}

/**
 * The lines of a run's report, one a photo, one at a time however long it is. A run that is over has them in the order
 * of its manifest; a run under way has those photos that are done.
 */
export function readRunReport({ state }: WithState, runId: string): AsyncGenerator<ReportLine> {
  return readReport(state, runFolderOf(runId));
}

const askEveryInMs = 500;

/**
 * Waits until workers have ended a run, or it pauses. Does no work itself: without a worker it waits for ever.
 * @throws the signal's reason when aborted; UsageError if there is no such run
 */
export async function waitForRun(
  { state }: WithState,
  runId: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<RunEnd> {
  while (true) {
    const record = await readRunRecord(state, runId);
    if (!record) throw new UsageError('no-run', `There is no run ${runId} in ${state.address}.`);
    const summary = isOver(record) ? await readSummary(state, runId) : undefined;
    if (summary) return { kind: 'over', runId, summary };
    if (record.state === 'paused') return { kind: 'paused', runId, waitsFor: reasonForPause(record) };
    await delay(askEveryInMs, undefined, signal ? { signal } : {});
  }
}
