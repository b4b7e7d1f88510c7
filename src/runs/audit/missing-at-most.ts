import { logGamma } from '../../util/binomial.ts';

/**
 * The largest number of a population that may be missing: how many there are at most, with 95 % confidence, where `missing`
 * of `judged` subjects that were drawn without putting back are. Exact: the upper bound of Clopper and Pearson, with the
 * hypergeometric distribution in place of the binomial, to which it comes close in a large population. Of a whole
 * population it is what was counted.
 */
export function missingAtMost({
  missing,
  judged,
  population,
}: {
  missing: number;
  judged: number;
  population: number;
}): number {
  // The more are missing, the less likely it is to have seen so few.
  let low = missing;
  let high = population - (judged - missing);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const isPossible = tail({ most: missing, drawn: judged, marked: middle, population }) > 1 - confidence;
    if (isPossible) low = middle;
    else high = middle - 1;
  }
  return low;
}

export const confidence = 0.95;

interface Draw {
  readonly most: number;
  readonly drawn: number;
  readonly marked: number;
  readonly population: number;
}

/** The probability of at most so many marked ones among those drawn. */
function tail({ most, drawn, marked, population }: Draw): number {
  const unmarked = population - marked;
  const least = Math.max(0, drawn - unmarked);
  const whole = logChoose(population, drawn);
  let sum = 0;
  for (let seen = Math.min(most, drawn, marked); seen >= least; seen -= 1) {
    const one = Math.exp(logChoose(marked, seen) + logChoose(unmarked, drawn - seen) - whole);
    sum += one;
    // Below the mode they only get smaller.
    if (one < sum * smallest && sum > 0) break;
  }
  return sum;
}

const smallest = 1e-12;

const logChoose = (all: number, some: number) =>
  logGamma(all + 1) - logGamma(some + 1) - logGamma(all - some + 1);
