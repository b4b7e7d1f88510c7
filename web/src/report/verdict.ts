import type { PageData } from '../../../src/records/page-data.ts';
import type { Figure } from '../components/figures.tsx';
import { countOf, formatCount, formatDuration, formatRate, formatShare, secondsBetween } from '../format.ts';
import { figuresOfMoney } from '../money.ts';

/** What a reader has to know first, in a sentence or two. */
export function verdictOf(data: PageData): { kind: 'good' | 'warning' | 'fault'; text: string } {
  const { summary, aggregates, run } = data;
  if (!summary)
    return {
      kind: 'warning',
      text: `The run is not over: it is ${run.state}${run.waitsFor === undefined ? '' : ` (${run.waitsFor})`}. What stands here is what it has done so far, ${countOf(aggregates.lines, 'photo')} of ${formatCount(run.listed)} listed.`,
    };
  const { total, notEnrolled, gaps = 0 } = summary;
  const missing =
    gaps === 0 ? '' : ` ${countOf(gaps, 'part')} of the source could not be read: the list is not whole.`;
  if (summary.state === 'cancelled')
    return {
      kind: 'fault',
      text: `The run was cancelled: ${countOf(notEnrolled, 'photo')} of ${formatCount(total)} may not be enrolled.${missing}`,
    };
  if (total === 0) return { kind: 'warning', text: `There were no photos in the source.${missing}` };
  if (notEnrolled === 0 && gaps === 0)
    return {
      kind: 'good',
      text:
        total === 1
          ? 'The photo is accounted for: its person is enrolled.'
          : `All ${countOf(total, 'photo')} are accounted for: nobody is missing.`,
    };
  const people = notEnrolled === 1 ? 'its person' : 'their people';
  const left =
    notEnrolled === 0
      ? 'All that was listed is enrolled.'
      : `${countOf(notEnrolled, 'photo')} of ${formatCount(total)} ${notEnrolled === 1 ? 'needs' : 'need'} attention: ${people} may be missing at the engine.`;
  return { kind: 'warning', text: left + missing };
}

export function figuresOf({ summary, aggregates, run }: PageData): Figure[] {
  const { byStatus, lines, deadLetters, timeline } = aggregates;
  const calls = summary?.calls ?? timeline.calls.reduce((sum, count) => sum + count, 0);
  const enrolled = byStatus.enrolled ?? 0;
  const took = secondsBetween(run.createdAt, summary?.lastAt ?? run.updatedAt);
  const rate = summary?.achievedRate;
  return [
    { name: 'Photos', value: formatCount(summary?.total ?? run.listed), ...leftOutOf(summary?.leftOut) },
    { name: 'Enrolled', value: formatCount(enrolled), remark: formatShare(enrolled, lines) },
    { name: 'Dead letters', value: formatCount(deadLetters), remark: formatShare(deadLetters, lines) },
    { name: 'Calls', value: formatCount(calls), remark: countOf(summary?.retries ?? 0, 'retry', 'retries') },
    ...figuresOfMoney(summary?.money ?? run.money),
    {
      name: 'Took',
      value: formatDuration(Math.max(0, took)),
      ...(rate !== undefined && { remark: `${formatRate(rate)} on average` }),
    },
  ];
}

const leftOutOf = (count = 0) => (count === 0 ? {} : { remark: `${countOf(count, 'other file')} left out` });
