import { z } from 'zod';
import { type Amount, largerAmount, parseAmount, readAmount, writeAmount } from '../util/amount.ts';
import { type ValueType, written } from './value-types.ts';

/** The kinds of calls that may have prices of their own. A check of the account is made at the endpoint that enrolls. */
export const callKinds = ['enroll', 'identify', 'verify', 'delete'] as const;
export type CallKind = (typeof callKinds)[number];

/** What a call of each kind costs, as a decimal. */
export type Price = Readonly<Record<CallKind, string>>;

/** How often each kind was called. */
export type CallCounts = Readonly<Partial<Record<CallKind, number>>>;

export const costOfCall = (price: Price, kind: CallKind): Amount => readAmount(price[kind]);

/** Exact. */
export const costOf = (price: Price, calls: CallCounts): Amount =>
  callKinds.reduce((sum, kind) => sum + costOfCall(price, kind) * BigInt(calls[kind] ?? 0), 0n);

/**
 * The price of a run whose report counts calls that compare with a template among those that identify (`--undoable`): both
 * at that of the dearer.
 */
export function priceOfRun(price: Price, { undoable }: { readonly undoable?: boolean | undefined }): Price {
  const isDearer = costOfCall(price, 'verify') > costOfCall(price, 'identify');
  return undoable && isDearer ? { ...price, identify: price.verify } : price;
}

const isKind = (text: string): text is CallKind => (callKinds as readonly string[]).includes(text);

function parsePrice(text: string): Price | undefined {
  const forAll = parseAmount(text);
  if (forAll !== undefined) return forAll > 0n ? priceOf(() => forAll) : undefined;
  const given = new Map<CallKind, Amount>();
  for (const part of text.split(',')) {
    const [kind = '', amount, more] = part.split('=').map((word) => word.trim());
    const parsed = amount === undefined ? undefined : parseAmount(amount);
    if (!isKind(kind) || parsed === undefined || more !== undefined || given.has(kind)) return undefined;
    given.set(kind, parsed);
  }
  // Whatever was not thought of is counted as the dearest, so that nothing costs more than was said.
  const dearest = [...given.values()].reduce(largerAmount, 0n);
  return dearest > 0n ? priceOf((kind) => given.get(kind) ?? dearest) : undefined;
}

const priceOf = (amountOf: (kind: CallKind) => Amount): Price => ({
  enroll: writeAmount(amountOf('enroll')),
  identify: writeAmount(amountOf('identify')),
  verify: writeAmount(amountOf('verify')),
  delete: writeAmount(amountOf('delete')),
});

const stored = z.object({
  enroll: z.string(),
  identify: z.string(),
  verify: z.string(),
  delete: z.string(),
});

/** `0.002` for every call, or `enroll=0.002,identify=0.001`; a kind that is not named costs as much as the dearest that is. */
export const price: ValueType<Price, string | number> = {
  read: written(
    `expected what a call costs such as 0.002, or enroll=0.002,identify=0.001 (of ${callKinds.join(', ')}), with a point and 9 decimals at most`,
    parsePrice,
  ),
  stored,
  write(value) {
    const [first, ...others] = callKinds.map((kind) => value[kind]);
    if (first !== undefined && others.every((other) => other === first)) return first;
    return callKinds.map((kind) => `${kind}=${value[kind]}`).join(',');
  },
};

/** A sum of money above nothing, as a decimal. */
export const amount: ValueType<string, string | number> = {
  read: written(
    'expected an amount above 0 such as 150 or 12.50, with a point and 9 decimals at most',
    (text) => {
      const parsed = parseAmount(text);
      return parsed !== undefined && parsed > 0n ? writeAmount(parsed) : undefined;
    },
  ),
  stored: z.string(),
  write: String,
};
