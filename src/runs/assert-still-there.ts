import { RunPrunedError } from '../records/report/read-whole-report.ts';
import { isMarked } from '../records/run-marks.ts';
import { readRunRecord, runFolderOf } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';

/**
 * Asked once something was written into the folder of a run that is over: `prune` marks a run, takes its record away and
 * then its files, so that whoever still finds the record unmarked is in time. What came too late goes with the run.
 * @throws RunPrunedError where the run is being removed, or was
 */
export async function assertStillThere(state: StateStore, runId: string): Promise<void> {
  const isLeaving = await isMarked(state, runId, 'pruned');
  const isThere = (await readRunRecord(state, runId)) !== undefined;
  if (isThere && !isLeaving) return;
  if (!isThere) await state.remove(runFolderOf(runId));
  throw new RunPrunedError(runId);
}
