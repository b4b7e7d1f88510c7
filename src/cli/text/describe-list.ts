import type { Summary } from '../../records/summary.ts';
import { plural } from '../../util/plural.ts';
import { shellWord } from '../../util/shell-word.ts';
import { describeForgetList, describeRepeats } from './describe-ids.ts';

/** `.xmp: 120, (no suffix): 3, #recycle/: 1`: the most first. */
export function describeLeftOut(byKind: Readonly<Record<string, number>>): string {
  const counts = Object.entries(byKind).sort(([, a], [, b]) => b - a);
  return counts.map(([kind, count]) => `${kind}: ${count}`).join(', ');
}

/** What the end says of the list itself: what it left out, when it was read, and what is not in it. */
export function describeList(summary: Summary, folder: string): string[] {
  const { leftOutBy, listedAt, gaps, source, warnings, run, mostRepeated, forgetList } = summary;
  const isChanged = 'source-changed' in warnings;
  return [
    ...(leftOutBy
      ? [`Left out: ${describeLeftOut(leftOutBy)}; see ${folder}/left-out.jsonl, and --include-left-out`]
      : []),
    ...describeForgetList(forgetList),
    ...(mostRepeated ? [describeRepeats(mostRepeated)] : []),
    ...(gaps
      ? [
          `${plural(gaps, 'part')} of ${source} could not be read: the list is not whole, and who is missing in it is not said. See rollcall dead-letters ${run}`,
        ]
      : []),
    ...(isChanged
      ? [
          `${source} has changed since it was listed${listedAt ? ` (${listedAt})` : ''}: what was added is not in this run. List it anew: rollcall run ${shellWord(source)} --new --incremental`,
        ]
      : []),
    ...(listedAt && !isChanged
      ? [
          `Listed:  ${listedAt}${source === '-' ? ' (if it was piped: a pipe cannot tell whether its writer was done)' : ''}`,
        ]
      : []),
  ];
}
