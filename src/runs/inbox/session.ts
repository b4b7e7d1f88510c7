import {
  claimPath,
  epochOf,
  type InboxEntry,
  listPath,
  readChain,
  readClaims,
  type SessionHeader,
  sessionName,
} from '../../sources/inbox/inbox-log.ts';
import type { StateAppender, StateStore } from '../../storage/state/state-store.ts';
import { absorb } from './absorb-sessions.ts';
import { away } from './inbox-error.ts';
import { createTaken, findKnown, type ReadUpTo, readTaken, type Taken } from './taken.ts';

/** The right to write what an inbox takes in, until somebody claims it after this one. */
export interface InboxSession {
  readonly name: string;
  readonly sizeInBytes: number;
  /**
   * Resolves when the entries are durable and count. After one that failed nobody knows whether they count, and all later
   * ones fail too.
   * @throws InboxError `away` where another has claimed the inbox; FaultError for a fault of the state
   */
  append(entries: readonly InboxEntry[]): Promise<void>;
  close(): Promise<void>;
}

interface Place {
  readonly state: StateStore;
  readonly inbox: string;
}

/** Begins a session whose claim is there. Without its first line, and what it absorbs, nothing of it counts. */
async function beginSession(
  { state, inbox }: Place,
  { name, entries = '', ...header }: Omit<SessionHeader, 'schema'> & { name: string; entries?: string },
): Promise<InboxSession> {
  const first: SessionHeader = { schema: 'rollcall.inbox/1', ...header };
  const begin = `${JSON.stringify(first)}\n${entries}`;
  let appender: StateAppender | undefined;
  try {
    appender = await state.openAppender(listPath(inbox, name));
    await appender.append(begin);
  } catch (error) {
    await appender?.close();
    // One whose beginning is whole may be another's predecessor by now.
    const size = await state.size(listPath(inbox, name)).catch(() => undefined);
    if ((size ?? 0) < Buffer.byteLength(begin)) await removeSession({ state, inbox }, name).catch(() => {});
    throw error;
  }
  const opened = appender;
  let broken: Error | undefined;
  return {
    name,
    get sizeInBytes() {
      return opened.sizeInBytes;
    },
    async append(entries) {
      if (broken) throw broken;
      try {
        await opened.append(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
        // Whoever claimed it before this look may not have seen these lines; whoever claims it later sees them.
        if ((await readClaims(state, inbox)).at(-1) !== name) throw elsewhere();
      } catch (error) {
        broken = error as Error;
        throw error;
      }
    },
    close: () => opened.close(),
  };
}

const elsewhere = () => away('Another process takes in for this inbox now');

/** First the claim: without it there is no session, and who reads finds out that one has gone. */
export async function removeSession({ state, inbox }: Place, name: string): Promise<void> {
  await state.remove(claimPath(inbox, name));
  await state.remove(listPath(inbox, name));
}

/** Claims the inbox, so that what earlier sessions write from now on does not count. */
async function claim({ state, inbox }: Place, epoch: number, number: number): Promise<string> {
  const name = sessionName(epoch, number);
  await state.write(claimPath(inbox, name), '');
  if ((await readClaims(state, inbox)).at(-1) === name) return name;
  await removeSession({ state, inbox }, name);
  throw elsewhere();
}

/**
 * Opens the inbox for writing, behind all that counts of earlier sessions.
 * @param before what this process had read of it earlier
 * @param newRun called where no list is open and none is to follow: the run of the one that begins; undefined: none does
 */
export async function openSession(
  place: Place,
  {
    epoch,
    before,
    newRun,
  }: {
    epoch: number;
    before: { taken: Taken; upTo: ReadUpTo | undefined } | undefined;
    newRun: () => string | undefined;
  },
): Promise<{ session: InboxSession; taken: Taken }> {
  const name = await claim(place, epoch, 1);
  const { taken, upTo, absorbed } = await readBefore(place, name, before).catch(async (error) => {
    await removeSession(place, name).catch(() => {});
    throw error;
  });
  const run = taken.current?.run ?? taken.next ?? newRun();
  const { count = 0, firstAt } = taken.current ?? {};
  const session = await beginSession(place, {
    name,
    ...(upTo && { after: upTo }),
    ...(run !== undefined && { run }),
    count,
    ...(firstAt !== undefined && { firstAt }),
    ...absorbed,
  });
  if (run !== undefined) taken.begin(run);
  return { session, taken };
}

async function readBefore(
  { state, inbox }: Place,
  name: string,
  before: { taken: Taken; upTo: ReadUpTo | undefined } | undefined,
) {
  const chain = await readChain(state, inbox, { before: name });
  const isKnown = before && findKnown(before.taken, chain) !== -1;
  const taken = isKnown ? before.taken : createTaken();
  const upTo = await readTaken(taken, { state, inbox, chain, from: isKnown ? before.upTo : undefined });
  // What was read of a process that died may not be durable yet.
  if (upTo) await state.sync(listPath(inbox, upTo.session));
  const absorbed =
    taken.current && upTo && (await absorb({ state, inbox, chain, upTo, run: taken.current.run }));
  return { taken, upTo, absorbed };
}

/** Begins the list of the next run in a session of its own: the list of the run before has its end. */
export async function nextSession(
  place: Place,
  before: InboxSession,
  { number, run }: { number: number; run: string },
): Promise<InboxSession> {
  const name = await claim(place, epochOf(before.name), number);
  const after = { session: before.name, sizeInBytes: before.sizeInBytes };
  return beginSession(place, { name, after, run, count: 0 });
}
