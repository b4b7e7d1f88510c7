import { listPath, readEntries, readSessions, type Session } from '../../sources/inbox/inbox-log.ts';
import type { StateStore } from '../../storage/state/state-store.ts';

/** What the lists of an inbox say now. */
export interface InboxLook {
  /** The run whose list is open; absent: the inbox is closed, or its next list is not begun yet. */
  readonly run?: string;
  /** Photos in that list. */
  readonly count: number;
  /** Photos that came in the last 24 hours. */
  readonly today: number;
}

const dayInMs = 24 * 3_600_000;

/** Reads what came in the last day, and nothing older. */
export const lookAtInbox = (state: StateStore, inbox: string): Promise<InboxLook> =>
  readSessions(state, inbox, (chain) => lookAt(state, inbox, chain));

async function lookAt(state: StateStore, inbox: string, chain: readonly Session[]): Promise<InboxLook> {
  const since = Date.now() - dayInMs;
  let run: string | undefined;
  let count = 0;
  let today = 0;
  for (const session of await sessionsSince(state, inbox, { chain, since })) {
    ({ run, count } = session.header);
    const place = { session: session.name, offset: session.begin, end: session.end };
    for await (const entries of readEntries(state, inbox, place))
      for (const { entry } of entries) {
        if ('ends' in entry) {
          run = undefined;
          continue;
        }
        count = entry.from + entry.photos.length - 1;
        if (Date.parse(entry.at) >= since) today += entry.photos.length;
      }
  }
  return { ...(run !== undefined && { run }), count: run === undefined ? 0 : count, today };
}

/** The last session, and those before it up to the first that has nothing of the time. */
async function sessionsSince(
  state: StateStore,
  inbox: string,
  { chain, since }: { chain: readonly Session[]; since: number },
): Promise<readonly Session[]> {
  let first = chain.length - 1;
  while (first > 0 && (await lastTimeOf(state, inbox, chain[first - 1])) >= since) first -= 1;
  return chain.slice(Math.max(0, first));
}

/** By its first entry, and that of its successor: sessions follow each other. */
async function lastTimeOf(state: StateStore, inbox: string, session: Session | undefined): Promise<number> {
  if (!session) return 0;
  const size = session.end ?? (await state.size(listPath(inbox, session.name))) ?? 0;
  for (let length = 16 * 1024; ; length *= 4) {
    const offset = Math.max(session.begin, size - length);
    const bytes = await state.readRange(listPath(inbox, session.name), {
      offset,
      sizeInBytes: size - offset,
    });
    const times = [...bytes.toString().matchAll(/^\{"at":"([^"]+)"/gmu)].map(([, at]) =>
      Date.parse(at ?? ''),
    );
    const last = times.at(-1);
    if (last !== undefined) return last;
    if (offset === session.begin) return Number.POSITIVE_INFINITY;
  }
}
