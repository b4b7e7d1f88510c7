import { BudgetSpentError } from '../../account/make-call.ts';
import { readTerms, type SpendingTerms } from '../../account/spending.ts';
import { auditMoneyFolderOf } from '../../records/audit/audit-record.ts';
import { createPurseReader, moneyFolderOf } from '../../records/purse.ts';
import { readChangedRun } from '../../records/run-changes.ts';
import { isOver, readRunRecord } from '../../records/run-record.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { readAmount, writeAmount } from '../../util/amount.ts';

/**
 * One budget for an audit and all runs that repair: each run gets a part of it for itself. A part once given is not
 * lowered, for a user may have raised it, or calls may be under way.
 */
export async function openRepairBudget(state: StateStore, auditId: string) {
  const { price, budget } = await readTerms(state, auditMoneyFolderOf(auditId));
  const spentIn = async (folder: string) => (await createPurseReader(state, folder).read()).claimed;
  const begun: string[] = [];
  const readRun = async (run: string) => {
    const written = await readRunRecord(state, run);
    return written && (await readChangedRun(state, written));
  };

  async function leftOf(whole: string): Promise<bigint> {
    let left = readAmount(whole) - (await spentIn(auditMoneyFolderOf(auditId)));
    for (const id of begun) {
      const run = await readRun(id);
      const part = run && !isOver(run) ? run.settings.budget : undefined;
      left -= part === undefined ? await spentIn(moneyFolderOf(id)) : readAmount(part);
    }
    return left;
  }

  return {
    /** To be asked run by run, in the order in which they are begun. @throws BudgetSpentError where nothing is left */
    async termsOf(id: string, { photos, of }: { photos: number; of: number }): Promise<SpendingTerms> {
      const run = await readRun(id);
      const { price: ownPrice = price, budget: own } = run?.settings ?? {};
      const kept = { price: ownPrice, budget: own };
      if (budget === undefined) return kept;
      const part = ((await leftOf(budget)) * BigInt(photos)) / BigInt(of);
      begun.push(id);
      if (run && (isOver(run) || (own !== undefined && readAmount(own) >= part))) return kept;
      if (part <= 0n) throw new BudgetSpentError();
      return { price: ownPrice, budget: writeAmount(part) };
    },
  };
}
