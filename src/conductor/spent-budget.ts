import type { Money } from '../records/money.ts';
import type { RunSettings } from '../records/run-record.ts';
import { type CallKind, costOfCall, type Price } from '../settings/price.ts';
import { type Amount, largerAmount, readAmount, showAmount, writeAmount } from '../util/amount.ts';
import type { RunKeeper } from './run-keeper.ts';
import type { HeldRun } from './take-run.ts';

/**
 * Pauses a run of which a process could claim no more of the budget, and notes what all of them have claimed. Calls that
 * have their money are made to their end, and what they did not need of it is given back. `foundAt` (ISO 8601): before the
 * budget was read.
 */
export async function pauseIfSpent(
  { record, purses, stop }: Pick<HeldRun, 'record' | 'purses' | 'stop'>,
  keeper: Pick<RunKeeper, 'progress' | 'noteClaimed'>,
  foundAt: string,
): Promise<void> {
  const { price, budget } = record.settings;
  if (!price) return;
  const { claimed, isShort } = await purses.read();
  keeper.noteClaimed(writeAmount(claimed));
  if (budget === undefined || !isShort) return;
  const left = readAmount(budget) - claimed;
  if (left >= costsOf(price, record.settings).reduce(largerAmount)) return;
  const { money } = keeper.progress();
  if (!money) return;
  stop.end({
    kind: 'paused',
    cause: 'budget',
    foundAt,
    waitsFor: describe(record.id, money, { budget, left }),
  });
}

/** What the kinds of calls cost that a run may make. */
export function costsOf(price: Price, { dedupe, verify, undoable }: RunSettings): Amount[] {
  const kinds: CallKind[] = ['enroll'];
  if (dedupe || verify) kinds.push('identify');
  if (undoable) kinds.push('verify');
  return kinds.map((kind) => costOfCall(price, kind));
}

function describe(
  id: string,
  { soFar, forecast }: Money,
  { budget, left }: { budget: string; left: Amount },
): string {
  const show = (amount: string) => showAmount(readAmount(amount));
  const whole = forecast
    ? `; all of it will cost about ${forecast.expected} (${forecast.low} to ${forecast.high})`
    : '';
  const under = showAmount(left > 0n ? readAmount(budget) - left : readAmount(budget));
  return `the next call may pass the budget of ${show(budget)} (--budget): ${show(soFar)} is spent on photos that are done, ${under} with the calls under way${whole}. To go on: rollcall set ${id} --budget ${proposal(budget, forecast)}, then rollcall resume ${id}`;
}

/** A round figure that suffices, as far as is known. */
function proposal(budget: string, forecast: Money['forecast']): string {
  const wanted = Math.max(Number(forecast?.high ?? 0), Number(budget) * (forecast ? 1 : 2));
  // Two digits of it.
  const step = 10 ** (Math.floor(Math.log10(wanted)) - 1);
  const rounded = Math.ceil(Number((wanted / step).toPrecision(12))) * step;
  return writeAmount(readAmount(rounded.toFixed(9)));
}
