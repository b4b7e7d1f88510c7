import { namesOf } from '../settings/setting.ts';
import { UsageError } from '../util/errors.ts';
import type { Engine, SimilarityScale } from './engine.ts';

/** From 0 to 1; a typical match is 0.75 or more (OOTO's page on identification). */
export const ootoSimilarity: SimilarityScale = { most: 1, match: 0.75 };

/** From 0 to 100; 82 is the page's own default. */
export const verihubsSimilarity: SimilarityScale = { most: 100, match: 82 };

/** From which similarity on the engine's answer counts as a match: `--threshold`, else the engine's own. */
export const thresholdOf = (
  { similarity }: Pick<Engine, 'similarity'>,
  { threshold }: { readonly threshold?: number | undefined },
): number => threshold ?? similarity?.match ?? Number.POSITIVE_INFINITY;

/** @throws UsageError for a threshold of another engine's scale: nearly everybody or nobody would match */
export function checkThreshold(
  { name, similarity }: Pick<Engine, 'name' | 'similarity'>,
  { threshold }: { readonly threshold?: number | undefined },
): void {
  if (threshold === undefined || similarity === undefined) return;
  const { most, match } = similarity;
  if (most === 1 ? threshold <= 1 : threshold > 1) return;
  throw new UsageError(
    'engine-settings',
    `${namesOf('threshold')}: similarities of the engine ${name} go from 0 to ${most}; ${match} is usual, not ${threshold}.`,
  );
}
