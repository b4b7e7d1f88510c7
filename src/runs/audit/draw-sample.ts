import { hash } from 'node:crypto';
import type { ShareOrCount } from '../../settings/value-types.ts';

/** How many of so many are chosen. */
export function sampleSize(sample: ShareOrCount, population: number): number {
  return 'share' in sample ? Math.ceil(sample.share * population) : Math.min(sample.count, population);
}

/** Members of a population by their number: the stratum of each, and a number that follows from the seed and the member. */
export interface Members {
  readonly count: number;
  stratumOf(member: number): number;
  lotOf(member: number): number;
}

/**
 * Draws members: all of them in the order of stratum and lot, and of these every n-th from a start that follows from the
 * seed. So each stratum is in the sample by its share, and any member as likely as any other.
 */
export function drawSample(
  { count, stratumOf, lotOf }: Members,
  { size, seed }: { size: number; seed: number },
): readonly number[] {
  if (size >= count) return Array.from({ length: count }, (_, member) => member);
  const order = Uint32Array.from({ length: count }, (_, member) => member).sort(
    (one, other) => stratumOf(one) - stratumOf(other) || lotOf(one) - lotOf(other) || one - other,
  );
  const step = count / size;
  const start = (lot(seed, 'start') / 2 ** 32) * step;
  return Array.from({ length: size }, (_, place) => order[Math.floor(start + place * step)] ?? 0);
}

/** 32 bits. */
export const lot = (seed: number, text: string): number =>
  Number.parseInt(hash('sha256', `${seed}\n${text}`, 'hex').slice(0, 8), 16);
