import type { RunView } from '../../src/serve/api/runs.ts';
import type { Figure } from './components/figures.tsx';
import {
  countOf,
  formatCount,
  formatDuration,
  formatFinish,
  formatRate,
  formatShare,
  secondsBetween,
} from './format.ts';
import { figuresOfMoney } from './money.ts';

export const isOver = ({ state }: Pick<RunView, 'state'>) => state === 'finished' || state === 'cancelled';

/** When it will be over; the least it can be while the list grows. */
export function timeLeftOf({ state, etaSeconds, workers }: RunView): { value: string; remark?: string } {
  if (state === 'paused') return { value: 'paused' };
  if (workers === 0) return { value: '–', remark: 'nobody works on it' };
  if (etaSeconds === null) return { value: '–', remark: 'not known yet' };
  const least = state === 'listing' ? 'at least ' : '';
  return { value: `${least}${formatDuration(etaSeconds)}`, remark: `over ${formatFinish(etaSeconds)}` };
}

/** `12 / s of 20`. */
export function paceOf({ rateNow, rateLimit }: RunView): string {
  if (rateNow === null) return '–';
  return `${formatRate(rateNow)}${rateLimit === null ? '' : ` of ${formatCount(rateLimit)}`}`;
}

/** Pace and end of a run that works; calls of one that does not. */
export function outlookOf(run: RunView): string {
  if (isOver(run)) return countOf(run.calls, 'call');
  if (run.state === 'paused') return `${countOf(run.calls, 'call')} so far`;
  if (run.workers === 0) return 'nobody works on it';
  const { value, remark } = timeLeftOf(run);
  return run.etaSeconds === null ? paceOf(run) : `${paceOf(run)}, ${value} left, ${remark}`;
}

/** What a run comes to, for its own page. */
export function figuresOfRun(run: RunView): Figure[] {
  const whole = run.total ?? run.listed;
  const common: Figure[] = [
    { name: 'Photos', value: formatCount(whole), ...(run.total === null && { remark: 'still listing' }) },
    { name: 'Done', value: formatCount(run.done), remark: formatShare(run.done, whole) },
    {
      name: 'Dead letters',
      value: formatCount(run.deadLetters),
      remark: formatShare(run.deadLetters, run.done),
    },
    { name: 'Calls', value: formatCount(run.calls) },
    ...figuresOfMoney(run.money),
  ];
  if (isOver(run))
    return [...common, { name: 'Took', value: formatDuration(secondsBetween(run.createdAt, run.updatedAt)) }];
  return [
    ...common,
    {
      name: 'Pace',
      value: run.rateNow === null ? '–' : formatRate(run.rateNow),
      ...(run.rateLimit !== null && { remark: `of ${formatCount(run.rateLimit)} at most` }),
    },
    { name: 'Time left', ...timeLeftOf(run) },
  ];
}
