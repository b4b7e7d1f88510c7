import { listAuditRecords, readAuditSummary } from '../records/audit/audit-record.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import type { AuditView } from './api/audits.ts';
import { createMemo } from './memo.ts';

/** Audits take their time: whoever looks, they are read no more often than this. */
const keptForInMs = 5_000;

/** The newest audit of an account, by the account that is called; a state whose audits cannot be read shows none. */
export function createAuditViews({
  state,
  calledAccountOf,
  log,
}: Pick<Rollcall, 'state' | 'calledAccountOf' | 'log'>): {
  newestOf(account: string): Promise<AuditView | undefined>;
} {
  const newest = createMemo(keptForInMs, async () => {
    const found = new Map<string, AuditView>();
    try {
      for (const { id, account, ...record } of await listAuditRecords(state)) {
        const called = await calledAccountOf(account);
        if (found.has(called)) continue;
        const summary = await readAuditSummary(state, id);
        found.set(called, {
          ...{ id, state: record.state },
          sample: record.sample,
          createdAt: record.createdAt,
          result: summary ?? null,
        });
      }
    } catch (error) {
      log.warn({ reason: (error as Error).message }, 'the audits cannot be shown');
    }
    return found;
  });
  return { newestOf: async (account) => (await newest()).get(await calledAccountOf(account)) };
}
