import { coverageStatuses, isUncovered } from '../records/audit/coverage-line.ts';
import { type CoverageRecord, listCoverageRecords } from '../records/audit/coverage-record.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import type { CoverageView } from './api/coverages.ts';
import { createMemo } from './memo.ts';

/** Whoever looks, they are read no more often than this. */
const keptForInMs = 5_000;
const mostShown = 5;

/** What was found last of the lists of an account, by the account that is called; the newest first. */
export function createCoverageViews({
  state,
  calledAccountOf,
  log,
}: Pick<Rollcall, 'state' | 'calledAccountOf' | 'log'>): {
  newestOf(account: string): Promise<CoverageView[]>;
} {
  const newest = createMemo(keptForInMs, async () => {
    const found = new Map<string, CoverageView[]>();
    try {
      for (const { record } of await listCoverageRecords(state)) {
        const called = await calledAccountOf(record.account);
        found.set(called, [...(found.get(called) ?? []), viewOf(record)].slice(0, mostShown));
      }
    } catch (error) {
      log.warn({ reason: (error as Error).message }, 'what coverage found cannot be shown');
    }
    return found;
  });
  return { newestOf: async (account) => (await newest()).get(await calledAccountOf(account)) ?? [] };
}

function viewOf({ list, at, people, byStatus }: CoverageRecord): CoverageView {
  const missing = coverageStatuses
    .filter((status) => isUncovered({ status }))
    .reduce((sum, status) => sum + (byStatus[status] ?? 0), 0);
  return { list, at, people, byStatus, missing };
}
