import { readSummary } from '../conductor/finish-run.ts';
import { readControl } from '../records/run-control.ts';
import { isOver, readRunRecord } from '../records/run-record.ts';
import type { Schedule } from '../records/schedule.ts';
import { exitCodeOf } from '../records/summary.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import type { Alert } from './alerts.ts';
import { readHistory } from './schedule-history.ts';

type Found = Omit<Alert, 'at' | 'tries'>;

/** Ends of a schedule's runs, and failures to start one, of which there is no alert yet. */
export async function findEnds(
  { state }: Pick<Rollcall, 'state'>,
  schedule: Schedule,
  known: ReadonlySet<string>,
): Promise<Found[]> {
  const found: Found[] = [];
  for (const event of (await readHistory(state, schedule.name)).events) {
    if (event.result === 'failed') {
      const { tick, exitCode, why } = event;
      const id = `${schedule.name} not started ${tick}`;
      const state = event.at < schedule.createdAt ? 'settled' : 'open';
      if (!known.has(id)) found.push({ id, tick, exitCode, reason: why, state });
    } else if (event.result === 'started') {
      const end = await endOf(state, event.runId, { known, since: schedule.createdAt });
      if (end) found.push(end);
    }
  }
  return found;
}

/**
 * How a run ended, if that is news. One that was paused, resumed and paused again is news again: whoever resumed it
 * left the time in `control.json`. What ended before the schedule was added, or replaced, is not told any more.
 */
async function endOf(
  state: Rollcall['state'],
  runId: string,
  { known, since }: { known: ReadonlySet<string>; since: string },
): Promise<Found | undefined> {
  const overId = `${runId} over`;
  if (known.has(overId)) return undefined;
  const record = await readRunRecord(state, runId);
  if (!record) return { id: overId, runId, exitCode: 0, state: 'settled' };
  const isNews = record.updatedAt >= since;
  if (record.state === 'paused') {
    const { wanted, at } = await readControl(state, runId);
    // Somebody has resumed or cancelled it meanwhile, and no worker has come to it yet.
    if (wanted !== 'pause' && at > record.updatedAt) return undefined;
    const id = `${runId} paused ${at}`;
    return known.has(id) ? undefined : { id, runId, exitCode: 3, state: isNews ? 'open' : 'settled' };
  }
  const summary = isOver(record) ? await readSummary(state, runId) : undefined;
  if (!summary) return undefined;
  const exitCode = exitCodeOf(summary, record.settings);
  return { id: overId, runId, exitCode, state: isNews && exitCode !== 0 ? 'open' : 'settled' };
}
