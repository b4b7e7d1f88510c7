import { expect, it } from 'vitest';
import { BudgetSpentError } from '../../../src/account/make-call.ts';
import { agreeOnTerms } from '../../../src/account/spending.ts';
import { auditMoneyFolderOf } from '../../../src/records/audit/audit-record.ts';
import { moneyFolderOf, writePurse } from '../../../src/records/purse.ts';
import { writeFirstRunRecord, writeRunRecord } from '../../../src/records/run-record.ts';
import { openRepairBudget } from '../../../src/runs/audit/repair-budget.ts';
import { newRecord } from '../../../src/runs/create-or-resume-run.ts';
import { price } from '../../../src/settings/price.ts';
import type { StateStore } from '../../../src/storage/state/state-store.ts';
import { readAmount } from '../../../src/util/amount.ts';
import { eachTestHasState } from '../../helpers/temporary-state.ts';
import { settingsOf } from '../run-settings.ts';

let state: StateStore;
eachTestHasState((opened) => {
  state = opened;
});

const prices = price.read.parse('1');
const spend = (folder: string, amount: string) =>
  writePurse(state, { folder, name: 'p', claimed: readAmount(amount), isShort: false, isClosed: true });

async function begin(id: string, budget: string | undefined) {
  const given = { price: '1', ...(budget !== undefined && { budget }) };
  const subject = {
    source: { address: '/archive', sameSubject: 'repeat' as const },
    ...{ engine: 'ooto', engineUrl: 'https://engine.example', account: 'a1' },
  };
  const record = newRecord({ id, settings: await settingsOf(given), given, subject });
  await writeFirstRunRecord(state, record);
  return { end: () => writeRunRecord(state, { ...record, state: 'finished' }) };
}

it('runs that repair share what the audit has left, and what one did not need is for those after it', async () => {
  await agreeOnTerms(state, auditMoneyFolderOf('a'), { price: prices, budget: '100' });
  await spend(auditMoneyFolderOf('a'), '10');
  const budget = await openRepairBudget(state, 'a');
  const first = await budget.termsOf('r1', { photos: 2, of: 3 });
  expect(first).toEqual({ price: prices, budget: '60' });
  const run = await begin('r1', first.budget);
  // While it goes on, all of its part is its own.
  expect((await budget.termsOf('r2', { photos: 1, of: 1 })).budget).toBe('30');
  await spend(moneyFolderOf('r1'), '20');
  await run.end();
  const again = await openRepairBudget(state, 'a');
  expect((await again.termsOf('r1', { photos: 2, of: 3 })).budget).toBe('60');
  expect((await again.termsOf('r2', { photos: 1, of: 1 })).budget).toBe('70');
});

it('a part that a user raised is neither lowered nor given twice', async () => {
  await agreeOnTerms(state, auditMoneyFolderOf('a'), { price: prices, budget: '100' });
  await begin('r1', '100');
  const budget = await openRepairBudget(state, 'a');
  expect((await budget.termsOf('r1', { photos: 1, of: 2 })).budget).toBe('100');
  await expect(budget.termsOf('r2', { photos: 1, of: 1 })).rejects.toThrow(BudgetSpentError);
});
