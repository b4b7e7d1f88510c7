import { z } from 'zod';
import type { ReportLine } from './report-line.ts';

/** Sums over the photos that were to be called: from them follow mean and variance of the calls a photo costs. */
export const callStatisticsSchema = z.object({
  photos: z.number(),
  /** Calls of the endpoint that enrolls, retries and checks of the account among them; and those that identified. */
  enroll: z.number(),
  identify: z.number(),
  enrollSquares: z.number(),
  identifySquares: z.number(),
  products: z.number(),
});
export type CallStatistics = z.infer<typeof callStatisticsSchema>;

export const noCalls: CallStatistics = {
  ...{ photos: 0, enroll: 0, identify: 0, enrollSquares: 0, identifySquares: 0, products: 0 },
};

export const addStatistics = (one: CallStatistics, other: CallStatistics): CallStatistics => ({
  photos: one.photos + other.photos,
  enroll: one.enroll + other.enroll,
  identify: one.identify + other.identify,
  enrollSquares: one.enrollSquares + other.enrollSquares,
  identifySquares: one.identifySquares + other.identifySquares,
  products: one.products + other.products,
});

export const callsOfPhoto = (enroll: number, identify: number): CallStatistics => ({
  ...{ photos: 1, enroll, identify },
  enrollSquares: enroll ** 2,
  identifySquares: identify ** 2,
  products: enroll * identify,
});

/** Calls by kind. Absent where nothing was called: rows without a photo, and what was known before. */
export function callsOf(line: Pick<ReportLine, 'calls' | 'attempts' | 'identifications'>) {
  const calls = line.calls ?? line.attempts ?? 0;
  const identify = line.identifications ?? 0;
  return { calls, identify, enroll: Math.max(0, calls - identify) };
}

/** Photos that cost no call because of what is known, or foreseen: whatever a run without it would have paid for. */
export const isSaved = ({ status, reason, error }: Pick<ReportLine, 'status' | 'reason' | 'error'>) =>
  error?.kind === 'preflight' ||
  (status === 'skipped' && (reason === 'unchanged' || reason === 'rejected-before'));

/** Whether a photo was to be called, whatever came of it. */
export const isToBeCalled = ({ status, error }: Pick<ReportLine, 'status' | 'error'>) =>
  status !== 'skipped' && status !== 'cancelled' && !notCalled.has(error?.kind);

const notCalled: ReadonlySet<string | undefined> = new Set(['manifest', 'collision', 'preflight']);
