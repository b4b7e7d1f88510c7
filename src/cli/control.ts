import type { Command } from 'commander';
import { pauseByUser, resumeAccount } from '../account/account-pause.ts';
import { writeControl } from '../records/run-control.ts';
import { isOver, isWorkedOn, listRunRecords, type RunRecord, reasonForPause } from '../records/run-record.ts';
import { UsageError } from '../util/errors.ts';
import { type CommandContext, withRollcall } from './command-context.ts';
import { addSettings, givenTo } from './flags.ts';
import { showEnd } from './show-end.ts';
import { findRun } from './status.ts';
import { print, say } from './terminal/output.ts';

interface Target {
  readonly account?: string | boolean;
}

export function definePause(command: Command): void {
  addTarget(command, 'pause', 'all runs of an account; default: the account of the settings').action(
    (runId: string | undefined, options: Target & Record<string, unknown>) =>
      withRollcall(options, (context) =>
        options.account ? pauseAccount(context, options.account) : pauseRun(context, runId),
      ),
  );
}

export function defineResume(command: Command): void {
  addTarget(command, 'resume', 'an account and its paused runs; default: the account of the settings').action(
    (runId: string | undefined, options: Target & Record<string, unknown>) =>
      withRollcall(options, (context) =>
        options.account ? resumeAll(context, options.account) : resumeRun(context, runId),
      ),
  );
}

export function defineCancel(command: Command): void {
  command
    .option('--json', 'print one JSON object instead of text')
    .action((runId: string, options: { json?: boolean } & Record<string, unknown>) =>
      withRollcall(options, async (context) => {
        const record = await unfinished(context, runId);
        context.life.doing(`Ending run ${record.id}`);
        const { cancelRun } = await import('../runs/cancel-run.ts');
        const end = await cancelRun(context.rollcall, record.id, context.signal);
        return showEnd(context, end, { json: options.json ?? false });
      }),
    );
  addSettings(command, 'cancel');
}

function addTarget(command: Command, name: 'pause' | 'resume', description: string): Command {
  return addSettings(command.option('--account [id]', description), name);
}

async function unfinished({ rollcall }: CommandContext, runId: string | undefined): Promise<RunRecord> {
  if (runId === undefined)
    throw new UsageError('no-run', 'Name a run (rollcall status lists them), or give --account.');
  const record = await findRun(rollcall, runId);
  if (isOver(record)) throw new UsageError('run-over', `Run ${runId} is ${record.state} already.`);
  return record;
}

async function pauseRun(context: CommandContext, runId: string | undefined): Promise<number> {
  const record = await unfinished(context, runId);
  await writeControl(context.rollcall.state, record.id, 'pause');
  print(
    `Run ${record.id} pauses${isWorkedOn(record) ? ' within a second or two' : ''}. To go on: rollcall resume ${record.id}`,
  );
  return 0;
}

async function resumeRun(context: CommandContext, runId: string | undefined): Promise<number> {
  const { rollcall } = context;
  const record = await unfinished(context, runId);
  const { changePausedRun } = await import('../runs/create-or-resume-run.ts');
  const { settings, given } = rollcall;
  const takenOver = await changePausedRun(rollcall.state, record, {
    settings,
    given: givenTo('resume', given),
  });
  if (takenOver.length > 0) say(`Taken over: ${takenOver.join(', ')}`);
  const { resumeRun: resume } = await import('../runs/resume-run.ts');
  const { accountStaysPaused } = await resume(rollcall, record, context.signal);
  printGoesOn(record);
  if (accountStaysPaused) {
    say(
      `Its account was paused by hand and stays paused. To resume it: rollcall resume --account ${record.account}`,
    );
  }
  return 0;
}

async function pauseAccount(context: CommandContext, given: string | boolean): Promise<number> {
  const { accounts } = await context.rollcall.queue();
  const account = accountOf(context, given);
  await accounts.change(account, pauseByUser);
  print(`Account ${account} is paused. To go on: rollcall resume --account ${account}`);
  return 0;
}

async function resumeAll(context: CommandContext, given: string | boolean): Promise<number> {
  const { rollcall } = context;
  const { accounts } = await rollcall.queue();
  const account = accountOf(context, given);
  await accounts.change(account, resumeAccount);
  print(`Account ${account} is resumed.`);
  const called = await rollcall.calledAccountOf(account);
  const { describeSpentBudget } = await import('../runs/spent-budget.ts');
  const { resumeUnspentRun } = await import('../runs/resume-run.ts');
  for (const record of await listRunRecords(rollcall.state)) {
    if (record.state !== 'paused') continue;
    if ((await rollcall.calledAccountOf(record.account)) !== called) continue;
    const spent = await describeSpentBudget(rollcall, record.id);
    if (record.canary?.state === 'refused' || spent !== undefined) {
      say(`Run ${record.id} stays paused: ${spent ?? reasonForPause(record)}`);
      continue;
    }
    await resumeUnspentRun(rollcall, record, context.signal);
    printGoesOn(record);
  }
  return 0;
}

function printGoesOn({ id }: RunRecord): void {
  print(`Run ${id} goes on with the next worker. Without a worker: start the command again that started it.`);
}

function accountOf({ rollcall }: CommandContext, given: string | boolean): string {
  return typeof given === 'string' ? given : rollcall.engine().account;
}
