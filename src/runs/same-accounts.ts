import { accountsCalled } from '../records/account-alias.ts';
import { listRunRecords } from '../records/run-record.ts';
import type { OpenEngine } from './open-engines.ts';
import type { Rollcall } from './open-rollcall.ts';

/**
 * All ids under which runs and ledgers of this state know the account of the settings: its address may be spelled in
 * several ways. Those of runs that an earlier version left are found by their addresses.
 */
export async function findSameAccounts(
  rollcall: Pick<Rollcall, 'state' | 'engine' | 'engineOf' | 'calledAccountOf'>,
): Promise<ReadonlySet<string>> {
  const { account, calledAccount, engine } = rollcall.engine();
  const others = new Map(
    (await listRunRecords(rollcall.state))
      .filter((run) => run.engine === engine.name && run.account !== account)
      .map((run) => [run.account, run]),
  );
  for (const run of others.values()) {
    const opened = openIfPossible(() => rollcall.engineOf({ ...run, keepDemographics: false }));
    // Writes down that they are one.
    if (opened?.calledAccount === calledAccount) await rollcall.calledAccountOf(run.account);
  }
  return new Set([account, ...(await accountsCalled(rollcall.state, calledAccount))]);
}

/** A run may have been allowed an address that this command is not. */
function openIfPossible(open: () => OpenEngine | undefined): OpenEngine | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}
