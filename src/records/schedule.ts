import { z } from 'zod';
import type { StateStore } from '../storage/state/state-store.ts';
import { FaultError, UsageError } from '../util/errors.ts';

/**
 * `schedules/<name>/schedule.json`: what is run, and when. The state is the truth; the queue's clock is made to agree
 * with it. Never a credential; `onFailure` may hold a webhook's secret and stands nowhere else.
 */
const scheduleSchema = z.object({
  schema: z.literal('rollcall.schedule/1'),
  name: z.string(),
  cron: z.string(),
  tz: z.string(),
  /** As a run has it: an absolute path or an address. */
  source: z.string(),
  engine: z.string(),
  engineUrl: z.string(),
  /** Hash of engine, address and app id, as in `run.json`. */
  account: z.string(),
  /** The machine whose files its runs need. */
  filesOn: z.string().optional(),
  /** Settings of its runs, as they would be written on the command line. */
  settings: z.record(z.string(), z.string()),
  onFailure: z.string().optional(),
  /** When it was added, or replaced by another of its name. Also distinguishes the two. */
  createdAt: z.string(),
});
export type Schedule = z.infer<typeof scheduleSchema>;

const schedulesFolder = 'schedules';
export const scheduleFolderOf = (name: string) => `${schedulesFolder}/${name}`;
const schedulePath = (name: string) => `${scheduleFolderOf(name)}/schedule.json`;

/** A run's id is the name and 17 characters of time; it must stay within the length of ids. @throws UsageError */
export function checkScheduleName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/.test(name)) return name;
  throw new UsageError(
    'schedule-name',
    `The schedule's name is "${name.slice(0, 60)}": expected letters, digits, dot, dash and underscore, 40 at most.`,
  );
}

/** The id of the run of a tick: `nightly-20261122T010000Z`. The same tick is the same run, however often it comes. */
export function runIdOfTick(name: string, tick: number): string {
  const time = new Date(tick).toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  return `${name}-${time}`;
}

export async function readSchedule(state: StateStore, name: string): Promise<Schedule | undefined> {
  const path = schedulePath(name);
  const bytes = await state.read(path);
  if (!bytes) return undefined;
  try {
    return scheduleSchema.parse(JSON.parse(bytes.toString()));
  } catch (cause) {
    throw new FaultError(
      'state',
      `${state.locate(path)} is damaged: restore it from a backup, or rollcall schedule remove ${name}`,
      { cause },
    );
  }
}

/** Whether there is one of this name, damaged or not. */
export async function hasSchedule(state: StateStore, name: string): Promise<boolean> {
  return (await state.size(schedulePath(name))) !== undefined;
}

export async function writeSchedule(state: StateStore, schedule: Schedule): Promise<void> {
  await state.write(schedulePath(schedule.name), `${JSON.stringify(schedule, undefined, 2)}\n`);
}

/** With what is remembered of it. Its runs stay. */
export async function removeSchedule(state: StateStore, name: string): Promise<void> {
  // First: without it nothing else counts.
  await state.remove(schedulePath(name));
  await state.remove(scheduleFolderOf(name));
}

/** Names of the schedules, in order. */
export async function listScheduleNames(state: StateStore): Promise<string[]> {
  return (await state.list(schedulesFolder)).filter((entry) => entry.isFolder).map((entry) => entry.name);
}
