import { isOver, readRunRecord } from '../../records/run-record.ts';
import {
  listPath,
  readChain,
  readClaims,
  readListNames,
  readSessions,
} from '../../sources/inbox/inbox-log.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { removeSession } from './session.ts';
import { createTaken, keysLastInMs, readTaken, type Taken } from './taken.ts';

/**
 * Removes lists that nobody needs: their run is over, and their keys are not known any more. And sessions that do not
 * count, or whose entries a later one has absorbed. Harmless when done again; a death in between leaves a file without a
 * claim, which is none.
 */
export async function tidyInbox(
  { state, inbox }: { state: StateStore; inbox: string },
  { taken, newest }: { taken: Taken; newest: string },
): Promise<void> {
  await removeNeedless({ state, inbox, taken }, newest);
  await removeUncounted({ state, inbox });
}

/** The same for an inbox in which nobody takes in any more. */
export async function tidyIdleInbox({ state, inbox }: { state: StateStore; inbox: string }): Promise<void> {
  const taken = createTaken();
  await readSessions(state, inbox, (chain) => readTaken(taken, { state, inbox, chain, from: undefined }));
  await removeNeedless({ state, inbox, taken });
  await removeUncounted({ state, inbox });
}

async function removeNeedless(
  { state, inbox, taken }: { state: StateStore; inbox: string; taken: Taken },
  newest?: string,
): Promise<void> {
  for (const { name, header } of await readChain(state, inbox)) {
    if ((newest !== undefined && name >= newest) || !(await isNeedless(state, taken, header.run))) break;
    await removeSession({ state, inbox }, name);
  }
}

/** Removes claims and files of sessions that count no more, and never will. */
export async function removeUncounted({ state, inbox }: { state: StateStore; inbox: string }): Promise<void> {
  const chain = await readChain(state, inbox);
  const claims = await readClaims(state, inbox);
  const newest = chain.at(-1)?.name;
  // Whoever has claimed it since may not have seen the last session, and goes on behind one that this has absorbed.
  if (claims.at(-1) !== newest) return;
  const counting = new Set(chain.map(({ name }) => name));
  for (const name of claims) if (!counting.has(name)) await removeSession({ state, inbox }, name);
}

/** Removes files whose claim has gone, where a process died before it had removed both. */
export async function removeUnclaimed({ state, inbox }: { state: StateStore; inbox: string }): Promise<void> {
  const names = await readListNames(state, inbox);
  const claims = new Set(await readClaims(state, inbox));
  for (const name of names) if (!claims.has(name)) await state.remove(listPath(inbox, name));
}

async function isNeedless(state: StateStore, { lists }: Taken, run: string | undefined): Promise<boolean> {
  if (run === undefined) return true;
  const endedAt = lists.find((list) => list.run === run)?.endedAt;
  if (endedAt === undefined || Date.now() - Date.parse(endedAt) <= keysLastInMs) return false;
  const record = await readRunRecord(state, run);
  return record === undefined || isOver(record);
}
