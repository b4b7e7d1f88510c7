import { parseSettings } from '../engines/settings.ts';
import { withLease } from '../queue/lease.ts';
import { announceRun } from '../queue/presence.ts';
import { readRunRecord } from '../records/run-record.ts';
import type { Schedule } from '../records/schedule.ts';
import { readSchedule, runIdOfTick } from '../records/schedule.ts';
import { createOrResumeRun } from '../runs/create-or-resume-run.ts';
import { readForgetList } from '../runs/erasure/forget-list.ts';
import { areFilesHere } from '../runs/files-on.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import { openSourceOf } from '../runs/run-source.ts';
import { RollcallError, UsageError } from '../util/errors.ts';
import { withRetry } from '../util/with-retry.ts';
import { latestTick, ticksBetween } from './cron.ts';
import { newestRunOf, reasonToSkip } from './predecessor.ts';
import {
  lastTakenTick,
  readHistory,
  type ScheduleEvent,
  withEvent,
  writeHistory,
} from './schedule-history.ts';

/** A transient fault, of a store say, must not cost the night. */
const pausesInMs = [1_000, 3_000, 10_000];

/** For how long a tick is left to others. */
export interface Patience {
  /** Whether what the key names was asked for so long ago, for the first time. */
  isOver(key: string): boolean;
}

/** Of one process. Others look every ten seconds for ticks that nobody took. */
export function createPatience({ limitInMs = 30_000, now = () => performance.now() } = {}): Patience {
  const since = new Map<string, number>();
  return {
    isOver(key) {
      const first = since.get(key) ?? now();
      since.set(key, first);
      return now() - first >= limitInMs;
    },
  };
}

/** What a run is started with when its time has come. */
export type FireTools = Pick<Rollcall, 'settings' | 'state' | 'log' | 'folder' | 's3' | 'queue' | 'engineOf'>;

/**
 * Starts the run of a tick, or says why not; what came of it is written down before anything else can happen. Harmless
 * when repeated: the run's id is made of the tick. A tick that comes late stands for the latest that is due, and for
 * all in between: a night that was missed is run once, later. A process that could not call the engine leaves a tick to
 * others for a while; where nobody takes it, no run is started, since nobody would do it.
 * @returns what came of the tick; undefined if it was handled before, the schedule is gone, or it is left to others: for
 * now, or since its files are on another machine
 */
export async function fireSchedule(
  rollcall: FireTools,
  { name, tick, patience, signal }: { name: string; tick: number; patience: Patience; signal: AbortSignal },
): Promise<ScheduleEvent | undefined> {
  const { state, log } = rollcall;
  const { leases } = await rollcall.queue();
  const onError = (error: Error) =>
    log.warn({ schedule: name, reason: error.message }, 'the queue does not answer');
  return withLease({ leases, key: `schedule-${name}`, signal, onError }, async () => {
    const schedule = await readSchedule(state, name);
    if (!schedule || !areFilesHere(schedule, rollcall.settings)) return undefined;
    const history = await readHistory(state, name);
    const handledUpTo = Math.max(lastTakenTick(history), Date.parse(schedule.createdAt));
    // This machine's clock may be behind the one by which the tick came.
    const due = latestTick(schedule, Math.max(Date.now(), tick));
    if (due <= handledUpTo) return undefined;
    const why = whyNoCalls(rollcall, schedule);
    if (why !== undefined && !patience.isOver(`${name} ${handledUpTo}`)) return undefined;
    const missed = ticksBetween(schedule, handledUpTo, due);
    const event = await eventOf(rollcall, { schedule, due, missed, whyNoCalls: why, signal });
    await writeHistory(state, name, withEvent(history, event));
    return event;
  });
}

/** Why this process cannot call the engine of a schedule; undefined if it can. */
function whyNoCalls({ engineOf }: FireTools, { engine, engineUrl, account }: Schedule): string | undefined {
  try {
    if (engineOf({ engine, engineUrl, account, keepDemographics: false })) return undefined;
    return 'the credentials of this worker are of another account than those that the schedule was added with';
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

interface TickToHandle {
  readonly schedule: Schedule;
  readonly due: number;
  readonly missed: number;
  readonly whyNoCalls: string | undefined;
  readonly signal: AbortSignal;
}

async function eventOf(rollcall: FireTools, tick: TickToHandle): Promise<ScheduleEvent> {
  const { schedule, due, missed, signal } = tick;
  const { state } = rollcall;
  const runId = runIdOfTick(schedule.name, due);
  const facts = { tick: new Date(due).toISOString(), at: new Date().toISOString() };
  const started = { ...facts, result: 'started', runId, ...(missed > 0 && { missed }) } as const;
  // Started by a process that died before it could write it down.
  const known = await readRunRecord(state, runId);
  if (known?.schedule === schedule.name) return started;
  const why = reasonToSkip(await newestRunOf(state, schedule.name));
  if (why !== undefined) return { ...facts, result: 'skipped', count: 1 + missed, why };
  try {
    if (tick.whyNoCalls !== undefined)
      throw new UsageError(
        'no-calls',
        `no worker that is here can call ${schedule.engine}: ${tick.whyNoCalls}`,
      );
    if (known) throw new UsageError('other-run', `There is a run ${runId} already that no schedule started.`);
    await withRetry(() => startScheduledRun(rollcall, schedule, runId), {
      signal,
      // What is wrong with settings or source is so in ten seconds, too.
      pauseInMs: (error, failures) => (error instanceof UsageError ? undefined : pausesInMs[failures - 1]),
    });
    return started;
  } catch (error) {
    signal.throwIfAborted();
    const exitCode = error instanceof RollcallError ? error.exitCode : 4;
    return { ...facts, result: 'failed', exitCode, why: (error as Error).message };
  }
}

/**
 * Starts a run as `rollcall enqueue` would: with the settings and the account given when the schedule was added, whatever
 * settings and credentials this process has. Workers with the account's credentials do the work.
 * @throws UsageError if the source cannot be listed
 */
export async function startScheduledRun(
  rollcall: Pick<Rollcall, 'state' | 'folder' | 's3' | 'queue'>,
  schedule: Schedule,
  runId: string,
): Promise<void> {
  const { state } = rollcall;
  const { engine, engineUrl, account, filesOn } = schedule;
  const settings = { ...parseSettings(schedule.settings), runId };
  const source = await openSourceOf(rollcall, schedule.source, settings);
  const subject = { source, engine, engineUrl, account, filesOn };
  const forgetList = await readForgetList(rollcall, settings);
  const { presence } = await rollcall.queue();
  const { record } = await createOrResumeRun({
    state,
    settings,
    given: schedule.settings,
    subject,
    forgetList,
    alwaysNew: true,
    schedule: schedule.name,
  });
  await announceRun(presence, state, record);
}
