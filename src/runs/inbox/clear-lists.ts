import { isOver, readRunRecord } from '../../records/run-record.ts';
import {
  changePhotos,
  claimPath,
  type InboxPhoto,
  listInboxNames,
  readEntries,
  readSessions,
  type Session,
} from '../../sources/inbox/inbox-log.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { removeSession } from './session.ts';
import { removeUnclaimed, removeUncounted, tidyIdleInbox } from './tidy-inbox.ts';

/** What is to be left of a photo: itself, or another. `isRemoved`: there is nothing else of its run any more. */
type Leave = (photo: InboxPhoto, isRemoved: boolean) => InboxPhoto;

/** Nobody's; it keeps its number. */
const nobody: InboxPhoto = { subjectId: '', photo: '' };

/**
 * Takes subjects out of what inboxes took in for runs that are over, with the keys by which their photos were known.
 * Harmless when done again.
 * @param isGone of an id as the list has it
 */
export const forgetInLists = (
  state: StateStore,
  { isGone, signal }: { isGone: (subjectId: string) => boolean; signal: AbortSignal },
): Promise<void> =>
  clearLists(state, { leave: (photo) => (isGone(photo.subjectId) ? nobody : photo), signal });

/**
 * Of runs that were removed the lists keep hashes of keys alone, by which photos are known again for as long as ever; then
 * the list goes.
 */
export async function clearListsOfRemoved(state: StateStore, signal: AbortSignal): Promise<void> {
  await clearLists(state, {
    leave: (photo, isRemoved) => {
      const { key, body, subjectId } = photo;
      if (!isRemoved || subjectId === '') return photo;
      return { ...nobody, ...(key !== undefined && { key, body }) };
    },
    signal,
  });
  for (const inbox of await listInboxNames(state)) await tidyIdleInbox({ state, inbox });
}

async function clearLists(
  state: StateStore,
  { leave, signal }: { leave: Leave; signal: AbortSignal },
): Promise<void> {
  for (const inbox of await listInboxNames(state)) {
    await removeUncounted({ state, inbox });
    await removeUnclaimed({ state, inbox });
    const { chain, openRun } = await readSessions(state, inbox, async (found) => {
      return { chain: found, openRun: await openRunOf(state, inbox, found.at(-1)) };
    });
    for (const session of chain) {
      signal.throwIfAborted();
      const { run } = session.header;
      if (run === undefined || run === openRun) continue;
      const record = await readRunRecord(state, run);
      if (record && !isOver(record)) continue;
      const change = (photo: InboxPhoto) => leave(photo, record === undefined);
      if (!(await wouldChange(state, inbox, session, change))) continue;
      await changePhotos(state, inbox, session, change);
      // Whoever takes in may have removed it meanwhile.
      if ((await state.size(claimPath(inbox, session.name))) === undefined)
        await removeSession({ state, inbox }, session.name);
    }
  }
}

/** The run whose list may still grow. */
async function openRunOf(
  state: StateStore,
  inbox: string,
  last: Session | undefined,
): Promise<string | undefined> {
  if (!last) return undefined;
  let { run } = last.header;
  for await (const entries of readEntries(state, inbox, { session: last.name, offset: last.begin }))
    if (entries.some(({ entry }) => 'ends' in entry)) run = undefined;
  return run;
}

async function wouldChange(
  state: StateStore,
  inbox: string,
  { name, begin }: Session,
  change: (photo: InboxPhoto) => InboxPhoto,
): Promise<boolean> {
  for await (const entries of readEntries(state, inbox, { session: name, offset: begin }))
    for (const { entry } of entries)
      if ('photos' in entry && entry.photos.some((photo) => change(photo) !== photo)) return true;
  return false;
}
