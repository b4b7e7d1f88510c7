import { type RunRecord, readRunRecord } from '../records/run-record.ts';
import type { ServeParts } from './context.ts';
import { ProblemError } from './problem.ts';

/** @throws ProblemError where there is no such run */
export async function findRun({ rollcall }: ServeParts, id: string): Promise<RunRecord> {
  const record = await readRunRecord(rollcall.state, id);
  if (!record) throw new ProblemError(404, 'no-run', 'There is no such run.');
  return record;
}
