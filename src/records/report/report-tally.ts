import {
  addStatistics,
  type CallStatistics,
  callsOf,
  callsOfPhoto,
  isSaved,
  isToBeCalled,
  noCalls,
} from './call-statistics.ts';
import { isDeadLetter, type ReportLine, type Status, statuses } from './report-line.ts';

/** Running totals over report lines; all of it follows from the lines alone. */
export interface Tally {
  total: number;
  byStatus: Record<Status, number>;
  /** Dead letters by the engine's code, else by the kind of the error. */
  byCode: Record<string, number>;
  deadLetters: number;
  calls: number;
  /** Those of the calls that identified. */
  identifications: number;
  retries: number;
  /** Photos that cost no call because of what was known or foreseen. */
  saved: number;
  callStatistics: CallStatistics;
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
    identifications: 0,
    retries: 0,
    saved: 0,
    callStatistics: noCalls,
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
  const { calls, identify, enroll } = callsOf(line);
  tally.total += 1;
  tally.byStatus[line.status] += 1;
  tally.calls += calls;
  tally.identifications += identify;
  // A photo that is identified and enrolled has two calls, none of them a retry.
  tally.retries += Math.max(0, enroll - 1);
  if (isSaved(line)) tally.saved += 1;
  if (isToBeCalled(line))
    tally.callStatistics = addStatistics(tally.callStatistics, callsOfPhoto(enroll, identify));
  if (isDeadLetter(line)) tally.deadLetters += 1;
  const code = line.error?.code ?? line.error?.kind;
  if (code !== undefined) tally.byCode[code] = (tally.byCode[code] ?? 0) + 1;
}
