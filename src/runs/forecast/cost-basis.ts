import type { Settings } from '../../engines/settings.ts';
import {
  callsOfOnePhoto,
  fewestPhotos,
  forecastCost,
  type MoneyForecast,
  mostRuns,
} from '../../records/money.ts';
import { type CallStatistics, callsOfPhoto } from '../../records/report/call-statistics.ts';
import { isOver, listReadableRuns, type RunRecord } from '../../records/run-record.ts';
import { costOf, type Price, priceOfRun } from '../../settings/price.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { amountAsNumber, roundAmount, writeAmount } from '../../util/amount.ts';
import type { ForecastCounts } from './forecast-counts.ts';

/** What is known of the calls that a photo costs. */
export type CostBasis =
  /** A run of this source that is not over: what it has done so far. */
  | { readonly kind: 'run'; readonly run: string; readonly done: CallStatistics }
  /** Runs of the account that are over, the newest first. */
  | { readonly kind: 'earlier-runs'; readonly runs: readonly [CallStatistics, ...CallStatistics[]] }
  | { readonly kind: 'nothing' };

/** The cost of a run that is not started yet. */
export interface CostForecast extends MoneyForecast {
  readonly price: Price;
  /** What is not called because of what is known or foreseen. */
  readonly saved: string;
  readonly basis: CostBasis['kind'];
  /** Photos and runs by which it is made. */
  readonly photos: number;
  readonly runs: number;
}

/** The run itself stands above earlier ones, and these above nothing. Runs that ask the engine for something else say nothing. */
export async function findCostBasis(
  state: StateStore,
  { source, account, settings }: { source: string; account: string; settings: Asking },
): Promise<CostBasis> {
  const { records } = await listReadableRuns(state);
  const alike = records.filter(
    (run) => run.account === account && asksOf(run.settings) === asksOf(settings) && isKnown(run),
  );
  const open = alike.find((run) => !isOver(run) && run.source === source);
  if (open?.counts.callStatistics) return { kind: 'run', run: open.id, done: open.counts.callStatistics };
  const [first, ...others] = alike
    .filter(isOver)
    .slice(0, mostRuns)
    .flatMap(({ counts: { callStatistics } }) => (callStatistics ? [callStatistics] : []));
  return first ? { kind: 'earlier-runs', runs: [first, ...others] } : { kind: 'nothing' };
}

const asksOf = ({ dedupe, undoable = false, verify }: Partial<Asking>) =>
  JSON.stringify([dedupe, undoable, verify]);

type Asking = Pick<Settings, 'dedupe' | 'verify'> & Partial<Pick<Settings, 'undoable'>>;

const isKnown = ({ counts: { callStatistics } }: RunRecord) =>
  callStatistics !== undefined && callStatistics.photos >= fewestPhotos;

/** Of retries, where nothing is known. */
const assumedShare = 0.1;

/** What the calls will cost that a dry run counted. */
export function forecastMoney({
  settings,
  price: given,
  counts,
  basis,
}: {
  readonly settings: Asking & Pick<Settings, 'maxAttempts'>;
  readonly price: Price;
  readonly counts: ForecastCounts;
  readonly basis: CostBasis;
}): CostForecast {
  const { calls, identifications, toCompare, unchanged, rejectedBefore, savedCalls } = counts;
  const price = priceOfRun(given, settings);
  // What identifies, or compares with a template, comes on top.
  const enrollments = calls - identifications;
  const saved = costOf(price, callsOfOnePhoto(settings)) * BigInt(unchanged + rejectedBefore + savedCalls);
  const shared = { price: given, saved: writeAmount(saved), basis: basis.kind };
  const known =
    basis.kind === 'run' ? ([basis.done] as const) : basis.kind === 'earlier-runs' ? basis.runs : undefined;
  if (!known) {
    const once = amountAsNumber(costOf(price, { enroll: enrollments, identify: identifications }));
    const least = once * (enrollments === 0 ? 1 : (enrollments - toCompare) / enrollments);
    return {
      ...{ ...shared, photos: 0, runs: 0 },
      expected: roundAmount(once),
      low: roundAmount(least, 'down'),
      high: roundAmount(once * (1 + assumedShare), 'up'),
    };
  }
  // Identifications that are chosen by count do not grow with the photos.
  const isByCount = settings.verify !== undefined && 'count' in settings.verify;
  const [first, ...others] = known;
  const own = isByCount ? withoutIdentifications : (runs: CallStatistics) => runs;
  const forecast = forecastCost({
    price,
    photos: enrollments,
    fewest: enrollments - toCompare,
    earlier: [own(first), ...others.map(own)],
    isSameArchive: basis.kind === 'run',
    maxAttempts: settings.maxAttempts,
    ...(isByCount && { spent: amountAsNumber(costOf(price, { identify: identifications })) }),
  });
  const photos = known.reduce((sum, run) => sum + run.photos, 0);
  return { ...shared, ...forecast, photos, runs: known.length };
}

const withoutIdentifications = ({ photos, enroll, enrollSquares }: CallStatistics): CallStatistics => ({
  ...callsOfPhoto(0, 0),
  ...{ photos, enroll, enrollSquares },
});
