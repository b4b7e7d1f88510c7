import { isOver, type RunRecord, readRunRecord, reasonForPause, runsFolder } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';

/**
 * The newest run of a schedule, from the runs themselves and not from the history: so a schedule that was removed and
 * added again knows of a run that still goes on.
 */
export async function newestRunOf(state: StateStore, schedule: string): Promise<RunRecord | undefined> {
  const names = (await state.list(runsFolder)).filter((entry) => entry.isFolder).map((entry) => entry.name);
  const own = names.filter(
    (name) => name.startsWith(`${schedule}-`) && /^\d{8}T\d{6}Z$/.test(name.slice(schedule.length + 1)),
  );
  for (const runId of own.sort().reverse()) {
    const record = await readRunRecord(state, runId);
    // Without a record it was only half started, or is being removed.
    if (record?.schedule === schedule) return record;
  }
  return undefined;
}

/** Why the next run cannot start yet; undefined if it can. A paused run needs attention first. */
export function reasonToSkip(record: RunRecord | undefined): string | undefined {
  if (!record || isOver(record)) return undefined;
  const { id, state } = record;
  return state === 'paused' ? `run ${id} is paused: ${reasonForPause(record)}` : `run ${id} is not over yet`;
}
