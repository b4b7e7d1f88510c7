import { resolve } from 'node:path';
import { type SettingKey, settingsSchema } from '../engines/settings.ts';
import { withLease } from '../queue/lease.ts';
import {
  checkScheduleName,
  hasSchedule,
  removeSchedule,
  type Schedule,
  writeSchedule,
} from '../records/schedule.ts';
import { readForgetList } from '../runs/erasure/forget-list.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import { checkCanary } from '../runs/run-settings.ts';
import { openSourceOf, subjectOf } from '../runs/run-source.ts';
import { checkWebhook } from '../runs/webhook/webhook.ts';
import { UsageError } from '../util/errors.ts';
import { openClock, setClock } from './clock.ts';
import { type CronTime, checkCronTime } from './cron.ts';

export interface AddScheduleOptions extends CronTime {
  /** Becomes the beginning of its runs' ids: letters, digits, dot, dash and underscore, 40 at most. */
  readonly name: string;
  /** A folder, a manifest or an S3 address. */
  readonly source: string;
  /** Where a run that ends with another exit code than 0 is reported. */
  readonly onFailure?: string | undefined;
  readonly signal?: AbortSignal;
}

/** Settings of its runs; those of the process that works are its own, and the queue's address may hold a password. */
const isOfRun = (key: string) => settingsSchema[key as SettingKey].scope !== 'process';

/** What schedules are changed with. */
type ChangeTools = Pick<Rollcall, 'state' | 'log' | 'queue'>;

const never = new AbortController().signal;

/**
 * Adds a schedule, or replaces the one of its name. All that can be checked without a call is checked now, by day.
 * @throws UsageError if anything of it cannot be run
 */
export async function addSchedule(
  rollcall: ChangeTools & Pick<Rollcall, 'settings' | 'given' | 'folder' | 's3' | 'engine'>,
  { name, cron, tz, source, onFailure, signal = never }: AddScheduleOptions,
): Promise<{ schedule: Schedule; replaced: boolean }> {
  const { state } = rollcall;
  const time = checkCronTime({ cron, tz });
  const given = Object.entries(rollcall.given).filter(([key]) => isOfRun(key));
  const settings: Record<string, string> = Object.fromEntries(given);
  checkCanary(rollcall);
  // Read again by every night's run, wherever that is started.
  await readForgetList(rollcall, rollcall.settings, signal);
  if (settings.forgetList !== undefined) settings.forgetList = resolve(rollcall.folder, settings.forgetList);
  if (source === '-')
    throw new UsageError(
      'schedule-source',
      '--source is -: a scheduled run cannot read stdin; give a file, a folder or an S3 address.',
    );
  const subject = subjectOf(rollcall, await openSourceOf(rollcall, source, rollcall.settings));
  const { engine, engineUrl, account, filesOn } = subject;
  const schedule: Schedule = {
    schema: 'rollcall.schedule/1',
    name: checkScheduleName(name),
    ...time,
    source: subject.source.newestIn ?? subject.source.address,
    engine,
    engineUrl,
    account,
    ...(filesOn !== undefined && { filesOn }),
    settings,
    ...(onFailure !== undefined && {
      onFailure: checkWebhook({
        flag: '--on-failure',
        value: onFailure,
        allowHttp: rollcall.settings.allowHttp,
      }),
    }),
    createdAt: new Date().toISOString(),
  };
  return changing(rollcall, name, signal, async () => {
    const replaced = await hasSchedule(state, name);
    await writeSchedule(state, schedule);
    return { schedule, replaced };
  });
}

/** Removes a schedule; its runs stay, and one that goes on is not stopped. @throws UsageError if there is none */
export async function deleteSchedule(
  rollcall: ChangeTools,
  name: string,
  { signal = never }: { signal?: AbortSignal } = {},
): Promise<void> {
  const { state } = rollcall;
  if (!(await hasSchedule(state, checkScheduleName(name)))) {
    throw new UsageError(
      'no-schedule',
      `There is no schedule ${name} in ${state.address}. rollcall schedule list shows them.`,
    );
  }
  await changing(rollcall, name, signal, () => removeSchedule(state, name));
}

/** A schedule is changed while no tick of it is being handled, and the clock is set at once. */
async function changing<Result>(
  rollcall: ChangeTools,
  name: string,
  signal: AbortSignal,
  change: () => Promise<Result>,
): Promise<Result> {
  const { leases } = await rollcall.queue();
  const onError = (error: Error) =>
    rollcall.log.warn({ schedule: name, reason: error.message }, 'the queue does not answer');
  const result = await withLease({ leases, key: `schedule-${name}`, signal, onError }, change);
  const clock = await openClock(rollcall);
  try {
    await setClock(rollcall, clock);
  } finally {
    await clock.close();
  }
  return result;
}
