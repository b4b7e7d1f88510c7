import { decimalsFor, type Rounding, roundTo } from './round-to.ts';

/**
 * A share (0 to 1) in percent, with two digits that say something. Never 100 % where something is missing, never 0 % where
 * there is something: `99.6 %`, `0.012 %`.
 */
export function percent(share: number, to: Rounding = 'nearest'): string {
  const value = share * 100;
  const rounded = roundTo(value, decimalsFor(value, 2), to);
  if (rounded < 100 || share >= 1) return `${rounded} %`;
  const missing = roundTo(100 - value, 9);
  const shown = roundTo(missing, decimalsFor(missing, 1), to === 'up' ? 'down' : to);
  return `${Number((100 - shown).toFixed(12))} %`;
}

/** An upper bound in percent, to a hundredth: rounded up, since a bound that is too small is none. */
export function percentAtMost(share: number): string {
  const digits = share > 0 && share < 0.0001 ? 6 : 4;
  return `${Number((Math.ceil(share * 10 ** digits - 1e-9) / 10 ** (digits - 2)).toFixed(digits - 2))} %`;
}
