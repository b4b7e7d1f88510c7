import { z } from 'zod';

/** What may go wrong with a request on order. */
export const misbehaviours = ['5xx', '429', 'reset', 'slow', 'half'] as const;
export type Misbehaviour = (typeof misbehaviours)[number];

/** Shares of all requests, 0 to 1, together 1 at most; the same seed and order give the same misbehaviour. */
export interface Chaos {
  readonly seed: number;
  readonly shares: Readonly<Partial<Record<Misbehaviour, number>>>;
}

/** `5xx=5%,429=2%,reset=1%,slow=2%,half=1%,seed=7`; what is left out does not happen, seed 1 by default. */
export const chaos = z.string().transform((text, context): Chaos => {
  const shares: Partial<Record<Misbehaviour, number>> = {};
  let seed = 1;
  const entries = text.split(',').map((entry) => entry.trim().split('='));
  for (const [name = '', value = '', ...rest] of entries) {
    const share = /^(\d+(?:\.\d+)?)%$/.exec(value)?.[1];
    if (rest.length > 0) return wrong(context);
    if (name === 'seed' && /^\d{1,9}$/.test(value)) seed = Number(value);
    else if (isMisbehaviour(name) && share !== undefined) shares[name] = Number(share) / 100;
    else return wrong(context);
  }
  const sum = Object.values(shares).reduce((total, share) => total + share, 0);
  return sum > 0 && sum <= 1 ? { seed, shares } : wrong(context);
});

function wrong(context: z.core.$RefinementCtx): never {
  context.addIssue(
    `expected shares, together 100% at most, such as 5xx=5%,429=2%,seed=7; there are ${misbehaviours.join(', ')}`,
  );
  return z.NEVER;
}

const isMisbehaviour = (name: string): name is Misbehaviour => misbehaviours.some((known) => known === name);
