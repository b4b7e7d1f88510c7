import { resumeAccount } from '../account/account-pause.ts';
import { announceRun } from '../queue/presence.ts';
import { writeControl } from '../records/run-control.ts';
import type { RunRecord } from '../records/run-record.ts';
import { UsageError } from '../util/errors.ts';
import { changeRun } from './change-run.ts';
import type { Rollcall } from './open-rollcall.ts';
import { describeSpentBudget } from './spent-budget.ts';

/**
 * Lets a paused run go on with the next worker, and its account with it.
 * @throws UsageError where its budget is used up: it would pause as soon as it went on
 */
export async function resumeRun(
  rollcall: Pick<Rollcall, 'state' | 'queue'>,
  record: RunRecord,
  signal: AbortSignal,
): Promise<{ accountStaysPaused: boolean }> {
  const spent = await describeSpentBudget(rollcall, record.id);
  if (spent !== undefined) throw new UsageError('budget-spent', `Run ${record.id} does not go on: ${spent}`);
  return resumeUnspentRun(rollcall, record, signal);
}

/**
 * The same of a run that is known to have budget left. Whoever resumes says that what stopped run and account is fixed, or
 * has seen the figures of a canary that was refused. What a person paused by hand at the account stays as it is.
 */
export async function resumeUnspentRun(
  { state, queue }: Pick<Rollcall, 'state' | 'queue'>,
  record: RunRecord,
  signal: AbortSignal,
): Promise<{ accountStaysPaused: boolean }> {
  const { accounts, presence } = await queue();
  const { pause } = (await accounts.read(record.account)).state;
  const accountStaysPaused = pause?.reason === 'user';
  if (pause && !accountStaysPaused) await accounts.change(record.account, resumeAccount);
  if (record.canary?.state === 'refused')
    await changeRun({ state, queue }, record, { wanted: { acceptCanary: true }, signal });
  await writeControl(state, record.id, 'run');
  await announceRun(presence, state, record);
  return { accountStaysPaused };
}
