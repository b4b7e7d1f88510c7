/** Of an interval the lower bound is rounded `down` and the upper one `up`: rounded to the nearest it would be too narrow. */
export type Rounding = 'nearest' | 'down' | 'up';

const roundings = { nearest: Math.round, down: Math.floor, up: Math.ceil } as const;

/** To so many decimals, which may be below 0, as if the number were written in decimals: 1.1 is no more than 1.1. */
export function roundTo(value: number, decimals: number, to: Rounding = 'nearest'): number {
  const steps = roundings[to](Number((value * 10 ** decimals).toPrecision(12)));
  return Number(`${steps}e${-decimals}`);
}

/** With how many decimals a number has so many digits that say something. */
export const decimalsFor = (value: number, digits: number): number =>
  value === 0 ? digits - 1 : digits - 1 - Math.floor(Math.log10(Math.abs(value)));
