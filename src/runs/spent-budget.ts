import { costsOf } from '../conductor/spent-budget.ts';
import { createPurseReader, moneyFolderOf } from '../records/purse.ts';
import { readChangedRun } from '../records/run-changes.ts';
import { readRunEvents } from '../records/run-events.ts';
import { readRunRecord } from '../records/run-record.ts';
import { readAmount, showAmount } from '../util/amount.ts';
import { plural } from '../util/plural.ts';
import type { Rollcall } from './open-rollcall.ts';

/** Which budget of a run is used up, so that it would pause as soon as it went on, and what to do; undefined: none. */
export async function describeSpentBudget(
  { state, queue }: Pick<Rollcall, 'state' | 'queue'>,
  runId: string,
): Promise<string | undefined> {
  const record = await readRunRecord(state, runId);
  if (!record) return undefined;
  const { settings, counts } = await readChangedRun(state, record);
  const { maxCalls, price, budget } = settings;
  if (maxCalls !== undefined) {
    const taken = await (await queue()).callBudget.raise(runId, counts.calls);
    if (taken >= maxCalls)
      return `the budget of ${plural(maxCalls, 'call')} (--max-calls) is used up. To go on: the command that started it, with more --max-calls`;
  }
  if (!price || budget === undefined) return undefined;
  // What a pause by hand left to be done may need no call.
  const last = (await readRunEvents(state, runId)).findLast(({ kind }) => kind === 'paused');
  if (last?.kind !== 'paused' || last.cause !== 'budget') return undefined;
  const { claimed } = await createPurseReader(state, moneyFolderOf(runId)).read();
  const left = readAmount(budget) - claimed;
  if (costsOf(price, settings).some((cost) => cost <= left)) return undefined;
  return `nothing is left of the budget of ${showAmount(readAmount(budget))} (--budget) for another call. To go on, with more than that: rollcall set ${runId} --budget N, then rollcall resume ${runId}`;
}
