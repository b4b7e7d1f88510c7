import { type Command, Option } from 'commander';
import type { ScheduleState } from '../schedule/list-schedules.ts';
import { plural } from '../util/plural.ts';
import { withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { sayEngineNotice } from './say-engine-notice.ts';
import { print, printJson, say } from './terminal/output.ts';

const examples = `
Examples:
  rollcall schedule add nightly --cron '0 2 * * *' --tz Europe/Berlin \\
      --source s3://archive/staff/ --incremental
  rollcall schedule add weekly --cron '0 4 * * SUN' --source /srv/photos \\
      --on-failure https://alerts.example/hook

A 'rollcall worker' on the same state and queue does the runs. One at a time:
while a run of a schedule is active or paused, its next times are skipped. A run
that was missed because no worker was there is made up for once.`;

interface AddOptions {
  readonly cron: string;
  readonly tz: string;
  readonly source: string;
  readonly onFailure?: string;
}

/** What knows the calendar is loaded when it is needed: all other commands do without. */
export function defineSchedule(schedule: Command): void {
  schedule.addHelpText('after', examples);
  addAdd(schedule);
  addList(schedule);
  addRemove(schedule);
}

function addAdd(schedule: Command): void {
  const command = schedule
    .command('add')
    .description('add a schedule, or replace the one of this name')
    .argument('<name>', "the beginning of its runs' ids")
    .requiredOption(
      '--cron <expression>',
      "5 fields, or 6 with seconds first: '0 2 * * *' is every night at two",
    )
    .option('--tz <zone>', 'time zone of the expression, such as Europe/Berlin', 'UTC')
    .requiredOption('--source <source>', 'a folder, file.csv, file.jsonl or an s3:// address')
    .addOption(
      new Option(
        '--on-failure <url>',
        'notified (POST, JSON) when a run ends with an exit code other than 0',
      ).env('ROLLCALL_ON_FAILURE'),
    )
    .action(async (name: string, options: AddOptions & Record<string, unknown>) => {
      await withRollcall(options, async ({ rollcall, signal }) => {
        const { addSchedule } = await import('../schedule/add-schedule.ts');
        const { nextTick } = await import('../schedule/cron.ts');
        const { cron, tz, source, onFailure } = options;
        sayEngineNotice(rollcall);
        const added = await addSchedule(rollcall, { name, cron, tz, source, onFailure, signal });
        const next = new Date(nextTick(added.schedule, Date.now())).toISOString();
        print(`Schedule ${name} is ${added.replaced ? 'replaced' : 'added'}. Its next run: ${next}`);
        say("A 'rollcall worker' on this state and queue must be running then.");
        return 0;
      });
    });
  addSettings(command, 'schedule add');
}

function addList(schedule: Command): void {
  const command = schedule
    .command('list')
    .description('schedules, their last result and their next time')
    .option('--json', 'print JSON, one object a line')
    .action(async (options: { json?: boolean } & Record<string, unknown>) => {
      await withRollcall(options, async ({ rollcall }) => {
        const { listSchedules } = await import('../schedule/list-schedules.ts');
        const schedules = await listSchedules(rollcall);
        if (schedules.length === 0) say(`No schedule in ${rollcall.state.address}.`);
        for (const one of schedules) options.json ? printJson(one) : print(describe(one));
        return 0;
      });
    });
  addSettings(command, 'schedule list');
}

function addRemove(schedule: Command): void {
  const command = schedule
    .command('remove')
    .description('remove a schedule; its runs and reports stay')
    .argument('<name>', 'name of the schedule')
    .action(async (name: string, options: Record<string, unknown>) => {
      await withRollcall(options, async ({ rollcall, signal }) => {
        const { deleteSchedule } = await import('../schedule/add-schedule.ts');
        await deleteSchedule(rollcall, name, { signal });
        print(`Schedule ${name} is removed. A run that it has started goes on: rollcall status`);
        return 0;
      });
    });
  addSettings(command, 'schedule remove');
}

function describe(schedule: ScheduleState): string[] {
  const { name, cron, tz, nextAt, source, engine, engineUrl, account, lastRun, skipped, events } = schedule;
  const lastTick = events.at(-1);
  const lastSkip = events.findLast((event) => event.result === 'skipped');
  return [
    `${name}  ${cron} (${tz})  ${nextAt === undefined ? 'never due: add it again' : `next ${nextAt}`}`,
    `  ${source} -> ${engine} at ${engineUrl} (account ${account})`,
    lastRun ? `  last: ${describeRun(lastRun)}` : '  no run yet',
    ...(lastTick?.result === 'failed' ? [`  no run was started at ${lastTick.tick}: ${lastTick.why}`] : []),
    ...(skipped > 0
      ? [`  skipped ${skipped}${lastSkip ? `, the last at ${lastSkip.tick}: ${lastSkip.why}` : ''}`]
      : []),
    ...(schedule.onFailure ? [`  on failure: ${schedule.onFailure}`] : []),
  ];
}

function describeRun({
  run,
  state,
  counts,
  exitCode,
  waitsFor,
}: NonNullable<ScheduleState['lastRun']>): string {
  return [
    `${run}  ${state}${exitCode === undefined ? '' : ` (exit code ${exitCode})`}`,
    `${counts.done} of ${counts.listed}`,
    plural(counts.deadLetters, 'dead letter'),
    ...(waitsFor ? [`why it waits: ${waitsFor}`] : []),
  ].join(', ');
}
