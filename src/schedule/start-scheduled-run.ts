import { parseSettings } from '../engines/settings.ts';
import { announceRun } from '../queue/presence.ts';
import type { Schedule } from '../records/schedule.ts';
import { createOrResumeRun } from '../runs/create-or-resume-run.ts';
import { readForgetList } from '../runs/forget-list.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import { openSourceOf } from '../runs/run-source.ts';

/**
 * Starts a run as `rollcall enqueue` would: with the settings given when the schedule was added, whatever this process
 * has, and in the account of then, whosever credentials are here. Workers that have the account's do the work.
 * @throws UsageError if the source cannot be listed
 */
export async function startScheduledRun(
  rollcall: Rollcall,
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
