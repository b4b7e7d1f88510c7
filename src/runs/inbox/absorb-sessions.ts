import { listPath, type Session, type SessionHeader } from '../../sources/inbox/inbox-log.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import type { ReadUpTo } from './taken.ts';

/** Smaller ones are absorbed by the next session, larger ones only together with half as much, or by none. */
const smallInBytes = 64 * 1024;
const largestInBytes = 4 * 1024 * 1024;

/**
 * The last sessions that a new one takes the place of, so that a list has few of them however often those who take in
 * alternate: their number grows with the logarithm of its size, up to some megabytes each.
 * @param sessions those of one list, in order
 */
export function lastToAbsorb<Sized extends { readonly sizeInBytes: number }>(
  sessions: readonly Sized[],
): readonly Sized[] {
  let sum = 0;
  let first = sessions.length;
  for (; first > 0; first -= 1) {
    const { sizeInBytes = 0 } = sessions[first - 1] ?? {};
    if (sizeInBytes > Math.min(largestInBytes, Math.max(smallInBytes, 2 * sum))) break;
    sum += sizeInBytes;
  }
  return sessions.slice(first);
}

/** What a new session begins with that takes the place of earlier ones of its list; undefined: of none. */
export async function absorb(options: {
  state: StateStore;
  inbox: string;
  /** The sessions that count, of which the last counts up to `upTo`. */
  chain: readonly Session[];
  upTo: ReadUpTo;
  run: string;
}): Promise<
  (Pick<SessionHeader, 'after' | 'count' | 'firstAt' | 'absorbed'> & { entries: string }) | undefined
> {
  const { state, inbox, chain, upTo, run } = options;
  const ofRun = chain
    .filter(({ header }) => header.run === run)
    .map((session) => {
      const end = session.end ?? upTo.sizeInBytes;
      return { session, end, sizeInBytes: end - session.begin };
    });
  const absorbed = lastToAbsorb(ofRun);
  const [first] = absorbed;
  if (!first) return undefined;
  let entries = '';
  for (const { session, end } of absorbed)
    for await (const lines of state.readLines(listPath(inbox, session.name), { offset: session.begin, end }))
      entries += lines.map(({ text }) => `${text}\n`).join('');
  const { after, count, firstAt } = first.session.header;
  return { after, count, firstAt, absorbed: Buffer.byteLength(entries), entries };
}
