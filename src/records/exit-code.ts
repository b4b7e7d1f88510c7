import { countDeadLetters } from './report-line.ts';
import type { Summary } from './summary.ts';

/** 0 nothing needs attention, 1 dead letters, 2 no photo found (unless that is allowed), 3 cancelled. */
export function exitCodeOf(summary: Summary, { allowEmpty }: { allowEmpty: boolean }): number {
  if (summary.state === 'cancelled') return 3;
  if (summary.total === 0 && !allowEmpty) return 2;
  return countDeadLetters(summary.byStatus) > 0 ? 1 : 0;
}
