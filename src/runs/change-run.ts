import { readChangedRun, type WantedChanges, writeChanges } from '../records/run-changes.ts';
import { type RunRecord, readRunRecord } from '../records/run-record.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { Rollcall } from './open-rollcall.ts';

/**
 * Changes a run that is not over: its processes take it over within a second or two, on S3 within ten. Survives their
 * death; a run that nobody works on takes it over when somebody does.
 * @returns the run as it will be
 */
export async function changeRun(
  { state, queue }: Pick<Rollcall, 'state' | 'queue'>,
  { id, account }: RunRecord,
  { wanted, signal }: { wanted: WantedChanges; signal: AbortSignal },
): Promise<RunRecord | undefined> {
  const { leases } = await queue();
  const subject = { source: { address: `changes of ${id}` }, account };
  return oneAtATime(leases, subject, signal, async () => {
    const record = await readRunRecord(state, id);
    if (!record) return undefined;
    await writeChanges(state, record, wanted);
    return readChangedRun(state, record);
  });
}
