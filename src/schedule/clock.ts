import { createHash } from 'node:crypto';
import type { ClockEntry, ScheduleClock } from '../queue/queue.ts';
import { listScheduleNames, readSchedule, type Schedule } from '../records/schedule.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import { nextTick } from './cron.ts';

/**
 * Makes the queue's clock agree with the state: what was added, replaced or removed, and what the queue lost. A
 * schedule that is right is left alone, since a tick that is due may be waiting in it. Before anything is changed the
 * schedule is read once more: another process may have replaced it meanwhile.
 * @returns the schedules of the state
 */
export async function setClock(
  { state, log }: Pick<Rollcall, 'state' | 'log'>,
  clock: ScheduleClock,
): Promise<Schedule[]> {
  const entries = new Map((await clock.list()).map((entry) => [entry.name, entry]));
  const names = await listScheduleNames(state);
  const schedules: Schedule[] = [];
  for (const name of new Set([...names, ...entries.keys()])) {
    try {
      const entry = entries.get(name);
      const schedule = await readSchedule(state, name);
      if (schedule) schedules.push(schedule);
      if (schedule ? !agrees(entry, schedule) : entry) await setEntry({ state, clock, name });
    } catch (error) {
      log.error({ schedule: name, reason: (error as Error).message }, 'the schedule cannot be set');
    }
  }
  return schedules;
}

function agrees(entry: ClockEntry | undefined, { cron, tz, createdAt }: Schedule): boolean {
  return entry?.ticks === true && entry.cron === cron && entry.tz === tz && entry.version === createdAt;
}

async function setEntry({
  state,
  clock,
  name,
}: {
  state: Rollcall['state'];
  clock: ScheduleClock;
  name: string;
}) {
  const schedule = await readSchedule(state, name);
  if (!schedule) return clock.remove(name);
  const { cron, tz, createdAt } = schedule;
  return clock.put({ name, cron, tz, version: createdAt });
}

/** The clock of this state's schedules; several states may share a queue. */
export async function openClock({ state, queue }: Pick<Rollcall, 'state' | 'queue'>): Promise<ScheduleClock> {
  const clockId = createHash('sha256')
    .update(await state.identity())
    .digest('hex')
    .slice(0, 16);
  return (await queue()).openScheduleClock({ clockId, nextTick });
}
