import { isOver, readRunRecord } from '../../records/run-record.ts';
import { readChain, readClaims } from '../../sources/inbox/inbox-log.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { removeSession } from './session.ts';
import { keysLastInMs, type Taken } from './taken.ts';

/**
 * Removes lists that nobody needs: their run is over, and their keys are not known any more. And claims of sessions that
 * do not count. Harmless when done again; a death in between leaves sessions without a claim, which are none.
 */
export async function tidyInbox(
  { state, inbox }: { state: StateStore; inbox: string },
  { taken, newest }: { taken: Taken; newest: string },
): Promise<void> {
  const chain = await readChain(state, inbox);
  for (const { name, header } of chain) {
    if (name >= newest || !(await isNeedless(state, taken, header.run))) break;
    await removeSession({ state, inbox }, name);
  }
  const counting = new Set(chain.map(({ name }) => name));
  for (const name of await readClaims(state, inbox))
    if (name < newest && !counting.has(name)) await removeSession({ state, inbox }, name);
}

async function isNeedless(state: StateStore, { lists }: Taken, run: string | undefined): Promise<boolean> {
  if (run === undefined) return true;
  const endedAt = lists.find((list) => list.run === run)?.endedAt;
  if (endedAt === undefined || Date.now() - Date.parse(endedAt) <= keysLastInMs) return false;
  const record = await readRunRecord(state, run);
  return record === undefined || isOver(record);
}
