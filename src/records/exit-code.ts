import type { Summary } from './summary.ts';

/** 0 nothing waits for a person, 1 dead letters, 2 no photo found (unless that is allowed), 3 cancelled. */
export function exitCodeOf(summary: Summary, { allowEmpty }: { allowEmpty: boolean }): number {
  if (summary.state === 'cancelled') return 3;
  if (summary.total === 0 && !allowEmpty) return 2;
  const { rejected = 0, failed = 0, duplicate = 0 } = summary.byStatus;
  return rejected + failed + duplicate > 0 ? 1 : 0;
}
