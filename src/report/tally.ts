import { isDeadLetter, type ReportLine, type Status, statuses } from './record.ts';

/** Running totals over report lines; everything in it follows from the lines alone. */
export interface Tally {
  total: number;
  byStatus: Record<Status, number>;
  /** Dead letters by the engine's code, else by the kind of the error. */
  byCode: Record<string, number>;
  deadLetters: number;
  calls: number;
  retries: number;
}

export function emptyTally(): Tally {
  return {
    total: 0,
    byStatus: Object.fromEntries(statuses.map((status) => [status, 0])) as Record<Status, number>,
    byCode: {},
    deadLetters: 0,
    calls: 0,
    retries: 0,
  };
}

export function addToTally(tally: Tally, line: ReportLine): void {
  const calls = line.calls ?? line.attempts ?? 0;
  tally.total += 1;
  tally.byStatus[line.status] += 1;
  tally.calls += calls;
  tally.retries += Math.max(0, calls - 1);
  if (isDeadLetter(line)) tally.deadLetters += 1;
  const code = line.error?.code ?? line.error?.kind;
  if (code !== undefined) tally.byCode[code] = (tally.byCode[code] ?? 0) + 1;
}
