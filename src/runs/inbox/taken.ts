import { type InboxEntry, readEntries, type Session } from '../../sources/inbox/inbox-log.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { createHashIndex } from '../../util/hash-index.ts';

/** How long a photo is known again after the list that it stands in was rolled over. */
export const keysLastInMs = 7 * 24 * 3_600_000;

/** The list of one run. */
export interface TakenList {
  readonly run: string;
  count: number;
  firstAt?: string;
  /** When it ended. */
  endedAt?: string;
}

/** What an inbox has taken in, as far as it is kept: its lists, and by which keys photos are known again. */
export interface Taken {
  /** The list that is open. */
  readonly current: TakenList | undefined;
  /** The run that is to follow the last list; undefined: there is an open one, or the inbox was closed. */
  readonly next: string | undefined;
  readonly lists: readonly TakenList[];
  /** The photo that came with this key. */
  find(
    key: string,
  ): { readonly run: string; readonly seq: number; isSame(body: string): boolean } | undefined;
  /** `count`: photos of its list that were there before what is kept. */
  begin(run: string, count?: number): void;
  note(entry: InboxEntry): void;
}

export function createTaken(): Taken {
  // The number of the list, that of the photo, and a hash of what was given.
  const keys = createHashIndex({ valueWords: 4 });
  const lists: TakenList[] = [];
  let current: TakenList | undefined;
  let next: string | undefined;
  return {
    get current() {
      return current;
    },
    get next() {
      return next;
    },
    lists,
    find(key) {
      const [number = 0, seq = 0, high, low] = keys.find(key) ?? [];
      const list = lists[number - 1];
      if (!list || isForgotten(list)) return undefined;
      const isSame = (body: string) => {
        const words = wordsOf(body);
        return words[0] === high && words[1] === low;
      };
      return { run: list.run, seq, isSame };
    },
    begin(run, count = 0) {
      if (lists.at(-1)?.run === run) return;
      current = { run, count };
      next = undefined;
      lists.push(current);
    },
    note(entry) {
      if (!current) return;
      if ('ends' in entry) {
        current.endedAt = entry.at;
        current = undefined;
        next = entry.next;
        return;
      }
      // A session that was read in part has absorbed others, or was absorbed.
      if (entry.from <= current.count) return;
      current.firstAt ??= entry.at;
      current.count = entry.from + entry.photos.length - 1;
      for (const [index, { key, body }] of entry.photos.entries())
        if (key !== undefined)
          keys.enter(key).set([lists.length, entry.from + index, ...wordsOf(body ?? '')]);
    },
  };
}

const isForgotten = ({ endedAt }: TakenList) =>
  endedAt !== undefined && Date.now() - Date.parse(endedAt) > keysLastInMs;

const wordsOf = (body: string): [number, number] => [
  Number.parseInt(body.slice(0, 8) || '0', 16),
  Number.parseInt(body.slice(8, 16) || '0', 16),
];

/** Up to where an inbox's sessions were read. */
export interface ReadUpTo {
  readonly session: string;
  readonly sizeInBytes: number;
}

/** The session in which what is known ends; -1: there is none, and all has to be read. */
export function findKnown({ lists }: Taken, chain: readonly Session[]): number {
  const last = lists.at(-1);
  if (!last) return -1;
  return chain.findLastIndex(({ header }) => header.run === last.run && header.count <= last.count);
}

/**
 * Reads what the sessions hold, from the one on in which what is known ends. `from`: how far this one was read, if it is
 * there. @returns up to where: all of it is durable
 */
export async function readTaken(
  taken: Taken,
  options: { state: StateStore; inbox: string; chain: readonly Session[]; from: ReadUpTo | undefined },
): Promise<ReadUpTo | undefined> {
  const { state, inbox, chain, from } = options;
  let upTo: ReadUpTo | undefined;
  for (const { name, header, begin, end } of chain.slice(Math.max(0, findKnown(taken, chain)))) {
    if (header.run !== undefined) taken.begin(header.run, header.count);
    let sizeInBytes = from?.session === name ? from.sizeInBytes : begin;
    for await (const entries of readEntries(state, inbox, { session: name, offset: sizeInBytes, end }))
      for (const each of entries) {
        taken.note(each.entry);
        sizeInBytes = each.offset + each.sizeInBytes;
      }
    upTo = { session: name, sizeInBytes };
  }
  return upTo;
}
