import { z } from 'zod';
import type { CommandMoney } from '../records/money.ts';
import { createPurseReader } from '../records/purse.ts';
import { checkBudget } from '../settings/check-together.ts';
import type { CoreSettings } from '../settings/core-settings.ts';
import { type CallKind, costOfCall, price } from '../settings/price.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { type Amount, readAmount, showAmount, writeAmount } from '../util/amount.ts';
import { FaultError } from '../util/errors.ts';
import { parseAs } from '../util/json-text.ts';
import { processName } from '../util/process-name.ts';
import { BudgetSpentError, type CallContext } from './make-call.ts';
import { createPurse } from './purse.ts';

/** What a call costs, and what all of them may cost. */
export type SpendingTerms = Pick<CoreSettings, 'price' | 'budget'>;

/** The money of a command that is no run; to be closed when its calls have ended. */
export interface Spending extends Required<Pick<CallContext, 'takeCall' | 'giveBackCall'>> {
  /** What the calls cost; undefined: they have no price. To be asked for once it is closed. */
  spent(): Promise<CommandMoney | undefined>;
  /** For people: why it ends, and what to do. */
  whyStopped(): Promise<string>;
  /** What was set aside and not spent is given back. */
  close(): Promise<void>;
}

const termsSchema = z.object({
  schema: z.literal('rollcall.terms/1'),
  price: price.stored.optional(),
  budget: z.string().optional(),
});

/** Beside the folder of the purses. */
const termsPathOf = (folder: string) => `${folder}.json`;

/** The terms of a command that goes on where it stopped: what it was started with, and what it is given anew. */
export async function joinTerms(
  state: StateStore,
  folder: string,
  given: SpendingTerms,
): Promise<SpendingTerms> {
  return joined(await readTerms(state, folder), given);
}

/** The same, kept for its next start. @throws UsageError for a budget without a price */
export async function agreeOnTerms(
  state: StateStore,
  folder: string,
  given: SpendingTerms,
): Promise<SpendingTerms> {
  const before = await readTerms(state, folder);
  const agreed = joined(before, given);
  checkBudget(agreed);
  const terms: z.infer<typeof termsSchema> = { schema: 'rollcall.terms/1', ...agreed };
  const isNew = JSON.stringify(agreed) !== JSON.stringify(before);
  if (isNew) await state.write(termsPathOf(folder), `${JSON.stringify(terms)}\n`);
  return agreed;
}

const joined = (before: SpendingTerms, given: SpendingTerms): SpendingTerms => ({
  price: given.price ?? before.price,
  budget: given.budget ?? before.budget,
});

/** What such a command was given last. */
export async function readTerms(state: StateStore, folder: string): Promise<SpendingTerms> {
  const path = termsPathOf(folder);
  const text = (await state.read(path))?.toString();
  if (text === undefined) return { price: undefined, budget: undefined };
  const terms = parseAs(termsSchema, text);
  if (terms) return { price: terms.price, budget: terms.budget };
  throw new FaultError('state', `${state.locate(path)} is damaged: restore it from a backup, or remove it.`);
}

/** A command that came to its end has no more use for it: the next one of the same name begins anew. */
export async function removeSpending(state: StateStore, folder: string): Promise<void> {
  await state.remove(folder);
  await state.remove(termsPathOf(folder));
}

/** Of a command that may be stopped and started again: what it spends is counted in the state, before it is spent. */
export function openSpending(state: StateStore, folder: string, terms: SpendingTerms): Spending {
  if (!terms.price) return freeOfCharge;
  const { price, budget } = terms;
  const purse = createPurse({ state, folder, processName: processName(), price, budget });
  const spent = () => readSpent(state, folder, terms);
  return {
    takeCall: purse.take,
    giveBackCall: purse.giveBack,
    spent,
    async whyStopped() {
      const money = await spent();
      return describeStop({ budget, spent: readAmount(money?.atMost ?? '0') });
    },
    close: purse.close,
  };
}

/** What all starts of a command have spent; undefined: its calls have no price. */
export async function readSpent(
  state: StateStore,
  folder: string,
  terms: SpendingTerms,
): Promise<CommandMoney | undefined> {
  if (!terms.price) return undefined;
  const { claimed } = await createPurseReader(state, folder).read();
  return moneyOf(terms, claimed);
}

/** Of a command that keeps nothing: started again it begins anew, and so does its money. */
export function openSpendingOfOneStart(terms: SpendingTerms): Spending {
  checkBudget(terms);
  const { price, budget } = terms;
  if (!price) return freeOfCharge;
  const most = budget === undefined ? undefined : readAmount(budget);
  let spent = 0n;
  return {
    async takeCall(kind) {
      const cost = costOfCall(price, kind);
      if (most !== undefined && spent + cost > most) return false;
      spent += cost;
      return true;
    },
    giveBackCall(kind: CallKind) {
      spent -= costOfCall(price, kind);
    },
    spent: async () => moneyOf(terms, spent),
    whyStopped: async () => describeStop({ budget, spent }),
    close: async () => undefined,
  };
}

/** Of calls that have no price, or of none. */
export const freeOfCharge: Spending = {
  takeCall: async () => true,
  giveBackCall: () => undefined,
  spent: async () => undefined,
  whyStopped: async () => '',
  close: async () => undefined,
};

const moneyOf = ({ price, budget }: SpendingTerms, spent: Amount): CommandMoney | undefined =>
  price && { price, ...(budget !== undefined && { budget }), atMost: writeAmount(spent) };

const describeStop = ({ budget = '0', spent }: { budget: string | undefined; spent: Amount }) =>
  `the next call would pass the budget of ${showAmount(readAmount(budget))} (--budget): ${showAmount(spent)} is spent. To go on: the same command with a larger --budget`;

/** Lets what is at work come to its end when the money is spent: each call that was paid has its result kept. */
export function createSpendingWatch() {
  let isSpent = false;
  return {
    get isSpent() {
      return isSpent;
    },
    /** Undefined: there was no money for it. */
    async unlessSpent<Result>(work: Promise<Result>): Promise<Result | undefined> {
      return work.catch((error: unknown) => {
        if (!(error instanceof BudgetSpentError)) throw error;
        isSpent = true;
        return undefined;
      });
    },
    /** The same items, until the money is spent. */
    async *whilePaid<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item> {
      for await (const item of items) {
        if (isSpent) return;
        yield item;
      }
    },
  };
}
