import { createForgottenSubjects } from '../../ledger/forgotten-subjects.ts';
import { isOver, listRunRecords } from '../../records/run-record.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { findSameAccounts } from '../same-accounts.ts';

/** Of whom an audit knows nothing, since no ledger names them. */
export interface NotAsked {
  /** Runs that are not over and have called: the ledger learns of them when they end. */
  readonly openRuns: readonly string[];
  /** Whether the forget list has anybody: it has marks and no names. */
  readonly isAnybodyForgotten: boolean;
}

export async function findNotAsked(
  rollcall: Pick<Rollcall, 'state' | 'engine' | 'engineOf' | 'calledAccountOf'>,
): Promise<NotAsked> {
  const { state } = rollcall;
  const { engine, account } = rollcall.engine();
  const accounts = await findSameAccounts(rollcall);
  const runs = await listRunRecords(state);
  const forgotten = createForgottenSubjects({ state, engine: engine.name, account });
  await forgotten.refresh();
  return {
    openRuns: runs
      .filter((run) => accounts.has(run.account) && !isOver(run) && run.counts.calls > 0)
      .map(({ id }) => id),
    isAnybodyForgotten: !forgotten.isEmpty(),
  };
}
