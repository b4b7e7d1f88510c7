import { listRunRecords, type RunRecord } from '../records/run-record.ts';
import type { Rollcall } from './open-rollcall.ts';

/** The runs of the state with their progress as of now, the newest first. */
export function listRuns({ state }: Rollcall): Promise<RunRecord[]> {
  return listRunRecords(state);
}
