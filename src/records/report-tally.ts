import { isDeadLetter, type ReportLine, type Status, statuses } from './report-line.ts';

/** Running totals over report lines; all of it follows from the lines alone. */
export interface Tally {
  total: number;
  byStatus: Record<Status, number>;
  /** Dead letters by the engine's code, else by the kind of the error. */
  byCode: Record<string, number>;
  deadLetters: number;
  calls: number;
  retries: number;
  /** Template ids that were found to be shared (`SharedTemplate`), some more than once. */
  shared: number;
}

export const emptyTally = (): Tally => restoreTally();

/** A tally that was read from a file; what is missing is 0. */
export function restoreTally(
  stored: Partial<Omit<Tally, 'byStatus'>> & { byStatus?: Readonly<Record<string, number>> } = {},
): Tally {
  return {
    total: 0,
    deadLetters: 0,
    calls: 0,
    retries: 0,
    shared: 0,
    ...stored,
    byStatus: Object.fromEntries(
      statuses.map((status) => [status, stored.byStatus?.[status] ?? 0]),
    ) as Record<Status, number>,
    // Codes come from the engine: one such as `constructor` must not hit an inherited property.
    byCode: Object.assign(Object.create(null), stored.byCode),
  };
}

export function addToTally(tally: Tally, line: ReportLine): void {
  const calls = line.calls ?? line.attempts ?? 0;
  tally.total += 1;
  tally.byStatus[line.status] += 1;
  tally.calls += calls;
  // A photo that is identified and enrolled has two calls, none of them a retry.
  tally.retries += Math.max(0, calls - (line.identifications ?? 0) - 1);
  if (isDeadLetter(line)) tally.deadLetters += 1;
  const code = line.error?.code ?? line.error?.kind;
  if (code !== undefined) tally.byCode[code] = (tally.byCode[code] ?? 0) + 1;
}
