import { z } from 'zod';
import { type CallCounts, costOf, type Price, priceOfRun } from '../settings/price.ts';
import { type Amount, amountAsNumber, readAmount, roundAmount, writeAmount } from '../util/amount.ts';
import { addStatistics, type CallStatistics, callsOfPhoto } from './report/call-statistics.ts';
import type { RunRecord } from './run-record.ts';

/** All amounts are decimals in the currency of the price. */
export const moneyForecastSchema = z.object({
  /** Of the whole run: what is most likely, and between which two it is with 95 %. Rounded, the two outwards. */
  expected: z.string(),
  low: z.string(),
  high: z.string(),
});
export type MoneyForecast = z.infer<typeof moneyForecastSchema>;

export const moneySchema = z.object({
  /** What a call of each kind costs. */
  price: z.record(z.string(), z.string()),
  /** What the calls of the photos that are done cost. */
  soFar: z.string(),
  /**
   * What may have been spent at most, with calls under way and those whose process was killed before their outcome was
   * stored; absent where that is not known.
   */
  atMost: z.string().optional(),
  /** What photos that are unchanged, were rejected before, or that the preflight refused would have cost. */
  saved: z.string(),
  budget: z.string().optional(),
  /** Of a run that goes on and whose list has ended: if the rest goes as what is done. */
  forecast: moneyForecastSchema.optional(),
});
export type Money = z.infer<typeof moneySchema>;

/**
 * What the calls of a command cost that is no run, over all its starts. `atMost`: what a start that was killed had set aside
 * for calls counts as spent.
 */
export const commandMoneySchema = moneySchema
  .pick({ price: true, budget: true })
  .extend({ atMost: z.string() });
export type CommandMoney = z.infer<typeof commandMoneySchema>;

/** What a run costs, by what is counted of it; undefined: nobody said what a call costs. */
export function moneyOf({
  settings,
  counts,
  isListed,
}: {
  readonly settings: {
    readonly price?: Price | undefined;
    readonly budget?: string | undefined;
    readonly dedupe: boolean;
    readonly undoable?: boolean | undefined;
    readonly maxAttempts: number;
  };
  readonly counts: RunRecord['counts'];
  /** Whether its list has ended. */
  readonly isListed: boolean;
}): Money | undefined {
  const { budget, maxAttempts } = settings;
  if (!settings.price) return undefined;
  const price = priceOfRun(settings.price, settings);
  const { calls, identifications = 0, saved = 0, done, callStatistics, claimed } = counts;
  const soFar = costOf(price, { enroll: calls - identifications, identify: identifications });
  const left = counts.listed - done;
  const hasForecast = isListed && left > 0 && done >= fewestPhotos;
  return {
    price: settings.price,
    soFar: writeAmount(soFar),
    ...(claimed !== undefined && { atMost: largerOf(claimed, soFar) }),
    saved: writeAmount(costOf(price, callsOfOnePhoto(settings)) * BigInt(saved)),
    ...(budget !== undefined && { budget }),
    ...(hasForecast &&
      callStatistics && {
        forecast: forecastCost({
          ...{ price, photos: left, spent: amountAsNumber(soFar), maxAttempts },
          // What is left has its share of photos that need no call.
          earlier: [{ ...callStatistics, photos: done }],
          isSameArchive: true,
        }),
      }),
  };
}

/** Where lines are known whose claim is not read yet. */
const largerOf = (claimed: string, soFar: Amount) =>
  readAmount(claimed) > soFar ? claimed : writeAmount(soFar);

/** What a photo costs at least. */
export const callsOfOnePhoto = ({ dedupe }: { dedupe: boolean }): CallCounts => ({
  enroll: 1,
  identify: dedupe ? 1 : 0,
});

/** Of fewer nothing is concluded. */
export const fewestPhotos = 30;

/**
 * What so many photos will cost, by what others cost: the sum of `photos` draws is normal, and its variance is that of the
 * sum and that of the mean, which is itself known from so many photos only. Where the others were of other runs, these
 * differ among each other as well; how much shows from two on (Student's t), and of one alone 5 % are assumed.
 */
export function forecastCost({
  price,
  photos,
  fewest = photos,
  earlier,
  isSameArchive,
  maxAttempts,
  spent = 0,
}: {
  readonly price: Price;
  readonly photos: number;
  /** Photos at least, where not all of them may need a call. */
  readonly fewest?: number;
  readonly earlier: readonly [CallStatistics, ...CallStatistics[]];
  /** Whether they are a part of the same archive, and not earlier runs. */
  readonly isSameArchive: boolean;
  readonly maxAttempts: number;
  /** Added to all. */
  readonly spent?: number;
}): MoneyForecast {
  // One more photo that needs all its attempts: that none was seen does not show that there is none.
  const pooled = [...earlier, callsOfPhoto(maxAttempts, 0)].reduce(addStatistics);
  const { mean, variance } = costPerPhoto(price, pooled);
  const between = isSameArchive ? 0 : deviationOfRuns(price, earlier, mean);
  const reach = (count: number) =>
    Math.hypot(quantileOfMany * Math.sqrt(variance * count * (1 + count / pooled.photos)), between * count);
  return {
    expected: roundAmount(spent + mean * photos),
    low: roundAmount(spent + Math.max(0, mean * fewest - reach(fewest)), 'down'),
    high: roundAmount(spent + mean * photos + reach(photos), 'up'),
  };
}

function costPerPhoto(price: Price, calls: CallStatistics): { mean: number; variance: number } {
  const [enroll, identify] = [price.enroll, price.identify].map((text) => amountAsNumber(readAmount(text)));
  const { photos } = calls;
  const [one = 0, other = 0] = [enroll, identify];
  const mean = (one * calls.enroll + other * calls.identify) / photos;
  const squares =
    one ** 2 * calls.enrollSquares + other ** 2 * calls.identifySquares + 2 * one * other * calls.products;
  return { mean, variance: Math.max(0, (squares / photos - mean ** 2) * (photos / Math.max(1, photos - 1))) };
}

/** By how much the mean of one more run may differ from theirs, with 95 %. */
function deviationOfRuns(price: Price, runs: readonly CallStatistics[], mean: number): number {
  const [quantile] = quantilesOfFew.slice(runs.length - 2);
  if (runs.length < 2 || quantile === undefined) return assumedDeviation * mean * quantileOfMany;
  const means = runs.map((run) => costPerPhoto(price, run).mean);
  const middle = means.reduce((sum, one) => sum + one, 0) / means.length;
  // A part of it is chance, and stays: of so few it cannot be told apart.
  const spread = means.reduce((sum, one) => sum + (one - middle) ** 2, 0) / (means.length - 1);
  return quantile * Math.sqrt(spread * (1 + 1 / means.length));
}

/** Student's t, two-sided 95 %: of 29 degrees of freedom, and of 1 to 9. */
const quantileOfMany = 2.045;
const quantilesOfFew = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];
const assumedDeviation = 0.05;
/** Runs that are looked at. */
export const mostRuns = quantilesOfFew.length + 1;
