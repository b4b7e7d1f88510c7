import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { ScheduleClock, TickWorker } from '../queue/queue.ts';
import { readRunRecord } from '../records/run-record.ts';
import { listScheduleNames, type Schedule } from '../records/schedule.ts';
import type { RunEvent } from '../runs/work-on-all.ts';
import { processName } from '../util/process-name.ts';
import { withinTime } from '../util/time-limit.ts';
import { openClock, setClock } from './clock.ts';
import { latestTick } from './cron.ts';
import { createPatience, type FireTools, fireSchedule } from './fire-schedule.ts';
import { type Fault, type NotifyTools, notifyFailures } from './notify-failures.ts';
import { lastTakenTick, readHistory, type ScheduleEvent } from './schedule-history.ts';

const lookEveryInMs = 10_000;
/** Receivers of `--on-failure` that are told at once. */
const mostReceivers = 8;
/** How long a store that is away may delay the end. */
const longestFarewellInMs = 1_000;

export interface SchedulerLoop {
  /** What became of a run; what is to be reported of it is reported at once. */
  noteRun(event: RunEvent): void;
  /** Resolves after the signal. */
  readonly ended: Promise<void>;
}

/**
 * The scheduler of a worker, until the signal: it keeps the queue's clock in agreement with the schedules of the state,
 * handles ticks, catches up on a tick that the queue lost, and reports failures to `--on-failure`. The room's way begins
 * here for a worker, and in `addSchedule` for a user.
 */
export function runSchedulerLoop(
  rollcall: FireTools & NotifyTools,
  { signal, onEvent }: { signal: AbortSignal; onEvent: (name: string, event: ScheduleEvent) => void },
): SchedulerLoop {
  const { state, log } = rollcall;
  const faults: Fault[] = [];
  let clock: ScheduleClock | undefined;
  let ticks: TickWorker | undefined;
  let wake = new AbortController();
  const patience = createPatience();
  // The lease excludes other processes, not this one.
  const oneByOne = pLimit(1);
  const atOnce = pLimit(mostReceivers);
  const notifying = new Map<string, Promise<void>>();
  /** Schedules of which there may be more to report once that is done. */
  const passedOver = new Set<string>();

  const onTick = async ({ name, tick }: { name: string; tick: number }) => {
    const event = await oneByOne(() => fireSchedule(rollcall, { name, tick, patience, signal }));
    if (!event) return;
    log.info({ schedule: name, ...event }, 'a scheduled time was handled');
    onEvent(name, event);
    if (event.result === 'failed') wake.abort();
  };
  const keepClock = async () => {
    // Without a schedule, and without one that was, nothing is opened.
    if (!clock && (await listScheduleNames(state)).length === 0) return;
    clock ??= await openClock(rollcall);
    const schedules = await setClock(rollcall, clock);
    ticks ??= clock.work({
      workerName: processName(),
      onTick,
      onError: (error) =>
        log.warn({ reason: error.message }, 'a scheduled time could not be handled; it is retried'),
    });
    for (const schedule of schedules) await catchUp(schedule).catch(onFault);
  };
  /** The queue may have lost a tick, or a worker died with it. */
  const catchUp = async (schedule: Schedule) => {
    const { name, createdAt } = schedule;
    const due = latestTick(schedule, Date.now() - lookEveryInMs);
    const handled = lastTakenTick(await readHistory(state, name));
    if (due > Math.max(handled, Date.parse(createdAt))) await onTick({ name, tick: due });
  };
  const report = async () => {
    // Whatever wakes it from here on ends the next wait.
    wake = new AbortController();
    for (const fault of faults.splice(0)) {
      const name = (await readRunRecord(state, fault.runId))?.schedule;
      if (name !== undefined) notify({ name, fault });
    }
    for (const name of await listScheduleNames(state)) notify({ name });
  };
  /** A receiver that does not answer holds up what is reported of its own schedule alone. */
  const notify = ({ name, fault }: { name: string; fault?: Fault }) => {
    if (notifying.has(name)) {
      if (fault) faults.push(fault);
      passedOver.add(name);
      return;
    }
    const told = atOnce(() => notifyFailures(rollcall, { name, fault, signal }))
      .catch(onFault)
      .finally(() => {
        notifying.delete(name);
        if (passedOver.delete(name)) wake.abort();
      });
    notifying.set(name, told);
  };
  const onFault = (error: Error) => {
    if (!signal.aborted)
      log.warn({ reason: error.message }, 'the schedules could not be checked; trying again');
  };
  const repeat = async (action: () => Promise<void>, earlier: () => AbortSignal) => {
    while (!signal.aborted) {
      await action().catch(onFault);
      await delay(lookEveryInMs, undefined, { signal: earlier() }).catch(() => {});
    }
  };

  const run = async () => {
    const loops = Promise.all([
      repeat(keepClock, () => signal),
      repeat(report, () => AbortSignal.any([signal, wake.signal])),
    ]);
    if (!signal.aborted) await once(signal, 'abort');
    const told = loops.then(() => Promise.all(notifying.values()));
    await withinTime(told, { limitInMs: longestFarewellInMs, whenLate: () => undefined });
    await ticks?.stop();
    await clock?.close();
  };
  return {
    noteRun(event) {
      if (event.kind === 'joined') return;
      if (event.kind === 'fault') faults.push(event);
      wake.abort();
    },
    ended: run(),
  };
}
