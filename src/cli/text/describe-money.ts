import type { CommandMoney, Money } from '../../records/money.ts';
import type { CostForecast } from '../../runs/forecast/cost-basis.ts';
import { type CallCounts, costOf, type Price } from '../../settings/price.ts';
import { readAmount, showAmount } from '../../util/amount.ts';
import { plural } from '../../util/plural.ts';
import type { LabelledRow } from './labelled-rows.ts';

/** What a run costs, in a line: `12.34 so far, 5.60 saved, 40.10 to 44.20 in all (95 %), budget 150.00`. */
export function describeMoney(money: Money | undefined): string[] {
  if (!money) return [];
  const { soFar, saved, forecast, budget } = money;
  const parts = [
    `${show(soFar)} so far`,
    ...(saved === '0' ? [] : [`${show(saved)} saved`]),
    ...(forecast ? [`${forecast.low} to ${forecast.high} in all (95 %)`] : []),
    ...(budget === undefined ? [] : [`budget ${show(budget)}`]),
  ];
  return [parts.join(', ')];
}

/** What the calls of a command cost that is no run: `Cost: 4.02, budget 150.00`. */
export function describeSpent(money: CommandMoney | undefined): string[] {
  if (!money) return [];
  const { atMost, budget } = money;
  return [`Cost: ${show(atMost)}${budget === undefined ? '' : `, budget ${show(budget)}`}`];
}

/** What such a command will cost: `To pay: 4.00, and 4.40 if one call in ten is made again`. */
export function describeToPay(price: Price | undefined, calls: CallCounts): string[] {
  if (!price) return [];
  const once = costOf(price, calls);
  return [
    `To pay: ${showAmount(once)}, and ${showAmount(once + once / 10n)} if one call in ten is made again`,
  ];
}

/** The rows of `--dry-run`. */
export function describeCost(cost: CostForecast | undefined): LabelledRow[] {
  if (!cost) return [];
  const { expected, low, high, saved } = cost;
  return [
    { label: 'cost', text: `${expected}  between ${low} and ${high}: ${describeBasis(cost)}` },
    ...(saved === '0' ? [] : [{ label: 'not paid', text: `${show(saved)}  for photos that need no call` }]),
  ];
}

function describeBasis({ basis, photos, runs }: CostForecast): string {
  switch (basis) {
    case 'run':
      return `95 %, by the ${plural(photos, 'photo')} that this source's run has called so far`;
    case 'earlier-runs':
      return `95 %, by ${plural(photos, 'photo')} of ${plural(runs, 'earlier run')}`;
    case 'nothing':
      return 'an assumption: each photo is called once, and 10 % more for retries. A run of some of them (--limit, --canary) shows more';
  }
}

export const show = (amount: string) => showAmount(readAmount(amount));
