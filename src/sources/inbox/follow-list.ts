import type { StateStore } from '../../storage/state/state-store.ts';
import { FaultError } from '../../util/errors.ts';
import {
  type KnownHeaders,
  listPath,
  type PlacedEntry,
  readChain,
  readClaims,
  readEntries,
  type Session,
} from './inbox-log.ts';

/** Of a list that is read at once; a line that is longer is read whole. */
const readInBytes = 1024 * 1024;

export interface ListPlace {
  readonly session: Session;
  readonly offset: number;
}

/** What a look at a list gave. Where nothing was given and the place is the same, nothing more is there for now. */
export interface ListLook {
  readonly entries: readonly PlacedEntry[];
  /** Where the next look begins; undefined: the list is not begun yet. */
  readonly place: ListPlace | undefined;
  /** Nobody has said yet how much of the list counts: whoever was to say it may have died. */
  readonly isStalled: boolean;
}

/**
 * Reads the list of a run of an inbox while it grows, over all its sessions. Only what counts for ever is given: what is
 * durable, and was there before any later session can have looked.
 */
export function followList({ state, inbox, run }: { state: StateStore; inbox: string; run: string }) {
  const known: KnownHeaders = new Map();
  const chainNow = () => readChain(state, inbox, { known });

  return { begin, look, readFirstAt };

  /** The place behind so many photos; at best where the line of the last of them begins. */
  async function begin(
    count: number,
    hint?: { session: string; offset: number },
  ): Promise<ListPlace | undefined> {
    const own = (await chainNow()).filter(({ header }) => header.run === run);
    const hinted = own.find(({ name }) => name === hint?.session);
    if (hint && hinted) return { session: hinted, offset: hint.offset };
    const session = own.findLast(({ header }) => header.count <= count);
    if (!session && own.length > 0) throw damagedList(state, inbox, run, count + 1);
    return session && { session, offset: session.begin };
  }

  /** @param count photos that were given */
  async function look(place: ListPlace | undefined, count: number): Promise<ListLook> {
    if (!place) {
      const begun = await begin(count);
      return { entries: [], place: begun, isStalled: begun === undefined };
    }
    const { session, offset } = place;
    const found = await readSome(place).catch(async (error) => {
      // Its successor, which has absorbed it, removes it.
      if ((await state.size(listPath(inbox, session.name))) === undefined) return [];
      throw error;
    });
    const isNewest = (await readClaims(state, inbox)).at(-1) === session.name;
    if (isNewest) return { entries: found, place: behind(found, place), isStalled: false };
    const chain = await chainNow();
    const index = chain.findIndex(({ name }) => name === session.name);
    // Its successor had looked before it wrote anything, or has absorbed it.
    if (index === -1) return { entries: [], place: await begin(count), isStalled: false };
    const end = chain[index]?.end;
    if (end === undefined) return { entries: [], place, isStalled: true };
    const entries = found.filter((each) => each.offset + each.sizeInBytes <= end);
    if (entries.length > 0) return { entries, place: behind(entries, place), isStalled: false };
    const next = chain[index + 1];
    // What counts came after it was read; it is durable, or its successor would not say so.
    if (offset < end && ((await state.size(listPath(inbox, session.name))) ?? 0) >= end)
      return { entries, place: { ...place }, isStalled: false };
    if (offset < end || next?.header.run !== run) throw damagedList(state, inbox, run, count + 1);
    return { entries, place: { session: next, offset: next.begin }, isStalled: false };
  }

  async function readSome({ session, offset }: ListPlace): Promise<PlacedEntry[]> {
    const path = listPath(inbox, session.name);
    const size = (await state.size(path)) ?? 0;
    if (size <= offset) return [];
    await state.sync(path);
    for (let length = readInBytes; ; length *= 2) {
      const end = Math.min(size, offset + length);
      const entries: PlacedEntry[] = [];
      for await (const batch of readEntries(state, inbox, { session: session.name, offset, end }))
        entries.push(...batch);
      if (entries.length > 0 || end === size) return entries;
    }
  }

  /** When the first photo of the list came, which is no later than this place. */
  async function readFirstAt({ session, offset }: ListPlace): Promise<string | undefined> {
    if (session.header.firstAt !== undefined || session.header.count > 0) return session.header.firstAt;
    if (offset <= session.begin) return undefined;
    const first = readEntries(state, inbox, {
      session: session.name,
      offset: session.begin,
      end: offset + 1,
    });
    for await (const [entry] of first) return entry?.entry.at;
    return undefined;
  }
}

function behind(entries: readonly PlacedEntry[], place: ListPlace): ListPlace {
  const last = entries.at(-1);
  return last ? { ...place, offset: last.offset + last.sizeInBytes } : place;
}

export function damagedList(state: StateStore, inbox: string, run: string, seq: number): FaultError {
  const folder = state.locate(listPath(inbox, '')).replace(/\/[^/]*$/, '');
  return new FaultError(
    'state',
    `What inbox ${inbox} has taken in for run ${run} is damaged: photo ${seq} is missing in ${folder}. Restore it from a backup.`,
  );
}
