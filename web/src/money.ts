import type { Money } from '../../src/records/money.ts';
import { readAmount, showAmount } from '../../src/util/amount.ts';
import type { Figure } from './components/figures.tsx';

const show = (amount: string) => showAmount(readAmount(amount));

/** What a run costs; nothing where no price is known. */
export function figuresOfMoney(money: Money | null | undefined): Figure[] {
  if (!money) return [];
  const { soFar, saved, budget, forecast } = money;
  return [
    {
      name: 'Spent',
      value: show(soFar),
      ...(budget !== undefined && { remark: `of a budget of ${show(budget)}` }),
    },
    ...(forecast
      ? [
          {
            name: 'All of it',
            value: `about ${forecast.expected}`,
            remark: `${forecast.low} to ${forecast.high} (95 %)`,
          },
        ]
      : []),
    ...(saved === '0' ? [] : [{ name: 'Saved', value: show(saved), remark: 'photos without a call' }]),
  ];
}
