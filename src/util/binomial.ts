/** So many hits of so many photos that were drawn. */
export interface Drawn {
  readonly hits: number;
  readonly of: number;
  /** That the share lies where it is said to, at least. Default: 0.95. */
  readonly confidence?: number;
}

/**
 * Between which shares (0 to 1) that of the whole lies from which a sample was drawn: Clopper's and Pearson's exact
 * interval, of which a half of what is left to chance lies on either side. Nothing drawn: anything from 0 to 1.
 */
export function binomialInterval({ hits, of, confidence = 0.95 }: Drawn): { low: number; high: number } {
  const chance = (1 - confidence) / 2;
  return { low: lowerBound({ hits, of }, chance), high: upperBound({ hits, of }, chance) };
}

/** The share (0 to 1) that the whole has at most: the same with all that is left to chance on one side. */
export const binomialUpperBound = ({ hits, of, confidence = 0.95 }: Drawn): number =>
  upperBound({ hits, of }, 1 - confidence);

/** The share with which so few hits or fewer have this chance. */
const upperBound = ({ hits, of }: Drawn, chance: number): number =>
  hits >= of ? 1 : bisect((share) => chanceOfAtMost({ hits, of }, share) > chance);

/** The share with which so many hits or more have this chance. */
const lowerBound = ({ hits, of }: Drawn, chance: number): number =>
  hits <= 0 ? 0 : bisect((share) => 1 - chanceOfAtMost({ hits: hits - 1, of }, share) < chance);

/** Where what is true from 0 on ceases to be. */
function bisect(isBelow: (share: number) => boolean): number {
  let [low, high] = [0, 1];
  for (let turn = 0; turn < 60; turn += 1) {
    const middle = (low + high) / 2;
    if (isBelow(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The binomial distribution, which is an incomplete beta function. */
const chanceOfAtMost = ({ hits, of }: Drawn, share: number): number =>
  incompleteBeta({ x: 1 - share, a: of - hits, b: hits + 1 });

interface Beta {
  readonly x: number;
  readonly a: number;
  readonly b: number;
}

/** Regularized (DLMF 8.17), by its continued fraction on the side where that converges quickly. */
function incompleteBeta({ x, a, b }: Beta): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta({ x: 1 - x, a: b, b: a });
  const factor = a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b) - Math.log(a);
  return Math.exp(factor) / continuedFraction({ x, a, b });
}

const fewestTerms = 200;
const tiny = 1e-300;

/** DLMF 8.17.22, by the modified algorithm of Lentz. It needs about as many terms as the root of the larger parameter. */
function continuedFraction({ x, a, b }: Beta): number {
  let value = 1;
  let c = 1;
  let d = 0;
  const most = fewestTerms + 10 * Math.sqrt(Math.max(a, b));
  for (let term = 1; term <= most; term += 1) {
    const m = Math.floor(term / 2);
    const coefficient =
      term % 2 === 0
        ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
        : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + coefficient * d || tiny);
    c = 1 + coefficient / c || tiny;
    value *= c * d;
    if (Math.abs(c * d - 1) < 1e-14) break;
  }
  return value;
}

const logBeta = (a: number, b: number) => logGamma(a) + logGamma(b) - logGamma(a + b);

/** Stirling's series (DLMF 5.11.1), whose error is below 1e-14 from 10 on; what is smaller is moved there. */
export function logGamma(z: number): number {
  let product = 1;
  let moved = z;
  for (; moved < 10; moved += 1) product *= moved;
  const square = moved * moved;
  const series =
    (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / moved;
  return (moved - 0.5) * Math.log(moved) - moved + Math.log(2 * Math.PI) / 2 + series - Math.log(product);
}
