import { readSummary } from '../conductor/finish-run.ts';
import { isOver, type RunRecord } from '../records/run-record.ts';
import { listScheduleNames, readSchedule, type Schedule } from '../records/schedule.ts';
import { exitCodeOf, type Summary } from '../records/summary.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import { shownWebhook } from '../runs/webhook/webhook.ts';
import { nextTick } from './cron.ts';
import { newestRunOf } from './predecessor.ts';
import { readHistory, type ScheduleEvent } from './schedule-history.ts';

/** A schedule with what became of it so far. `onFailure` is shown without its path, which may be a secret. */
export interface ScheduleState extends Omit<Schedule, 'schema'> {
  /** Absent where it is never due: its expression is not understood any more. */
  readonly nextAt?: string;
  readonly lastRun?: {
    readonly run: string;
    readonly state: RunRecord['state'];
    readonly waitsFor?: string;
    readonly counts: RunRecord['counts'];
    /** Once it is over. */
    readonly exitCode?: number;
    readonly byStatus?: Summary['byStatus'];
  };
  /** Ticks skipped since the schedule was first added. */
  readonly skipped: number;
  /** What came of the latest ticks, the latest last. */
  readonly events: readonly ScheduleEvent[];
}

/** The schedules of the state by name. */
export async function listSchedules({ state }: Pick<Rollcall, 'state'>): Promise<ScheduleState[]> {
  const names = await listScheduleNames(state);
  const all = await Promise.all(names.map((name) => describe(state, name)));
  return all.filter((schedule) => schedule !== undefined);
}

async function describe(state: Rollcall['state'], name: string): Promise<ScheduleState | undefined> {
  const schedule = await readSchedule(state, name);
  if (!schedule) return undefined;
  const { schema: _, onFailure, ...shown } = schedule;
  const { skipped, events } = await readHistory(state, name);
  const record = await newestRunOf(state, name);
  const summary = record && isOver(record) ? await readSummary(state, record.id) : undefined;
  return {
    ...shown,
    ...(onFailure !== undefined && { onFailure: shownWebhook(onFailure) }),
    ...nextTime(schedule),
    ...(record && {
      lastRun: {
        run: record.id,
        state: record.state,
        ...(record.waitsFor !== undefined && { waitsFor: record.waitsFor }),
        counts: record.counts,
        ...(summary && { exitCode: exitCodeOf(summary, record.settings), byStatus: summary.byStatus }),
      },
    }),
    skipped,
    events,
  };
}

function nextTime(schedule: Schedule): Pick<ScheduleState, 'nextAt'> {
  try {
    return { nextAt: new Date(nextTick(schedule, Date.now())).toISOString() };
  } catch {
    return {};
  }
}
