import { decimalsFor, type Rounding, roundTo } from './round-to.ts';

/**
 * Amounts of money, in whatever currency the user has: whole billionths, so that sums over any number of calls are exact.
 * Written they are plain decimals (`0.002`), never numbers of JSON, which would be rounded.
 */
export type Amount = bigint;

const decimals = 9;
const unit = 10n ** BigInt(decimals);
const pattern = /^(\d{1,12})(?:\.(\d{1,9}))?$/u;

/** Undefined: not a plain decimal, such as `2e-3`, `-1`, `0,002`; 9 decimals and 12 digits before them at most. */
export function parseAmount(text: string): Amount | undefined {
  const [, whole, rest = ''] = pattern.exec(text.trim()) ?? [];
  return whole === undefined ? undefined : BigInt(whole) * unit + BigInt(rest.padEnd(decimals, '0'));
}

/** An amount that was written here. @throws Error for anything else */
export function readAmount(text: string): Amount {
  const [, sign = '', whole, rest = ''] = /^(-?)(\d+)(?:\.(\d{1,9}))?$/u.exec(text) ?? [];
  if (whole === undefined) throw new Error(`${text.slice(0, 40)} is no amount`);
  const amount = BigInt(whole) * unit + BigInt(rest.padEnd(decimals, '0'));
  return sign === '' ? amount : -amount;
}

/** As short as it is exact: `150`, `12.5`, `0.002`. */
export function writeAmount(amount: Amount): string {
  const size = amount < 0n ? -amount : amount;
  const rest = (size % unit).toString().padStart(decimals, '0').replace(/0+$/u, '');
  return `${amount < 0n ? '-' : ''}${size / unit}${rest === '' ? '' : `.${rest}`}`;
}

/** For people: two decimals at least (`12.50`), and at most as many as `writeAmount` has. */
export function showAmount(amount: Amount): string {
  const [whole = '', rest = ''] = writeAmount(amount).split('.');
  return `${whole}.${rest.padEnd(2, '0')}`;
}

/** What is an estimate, to be shown: three leading digits below 1, two decimals from there on, none from 100 on. */
export function roundAmount(amount: number, to: Rounding = 'nearest'): string {
  if (amount >= 100) return String(roundTo(amount, 0, to));
  const places = amount >= 1 ? 2 : Math.min(decimals, decimalsFor(amount, 3));
  return showAmount(readAmount(roundTo(amount, places, to).toFixed(places)));
}

/** Near enough for statistics. */
export const amountAsNumber = (amount: Amount): number => Number(amount) / Number(unit);

export function largerAmount(one: Amount, other: Amount): Amount {
  return one > other ? one : other;
}
