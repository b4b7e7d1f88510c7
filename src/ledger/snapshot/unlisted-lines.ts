import type { ByteFile, StateStore } from '../../storage/state/state-store.ts';
import { subjectKey } from '../../util/subject-id.ts';
import {
  isStoredEvent,
  keyWithoutBlanks,
  type LedgerEvent,
  parseLedgerEvent,
  sourceNameOf,
} from '../ledger-event.ts';
import { readLedger } from '../ledger-files.ts';
import {
  entryWords,
  fileOf,
  isStored,
  offsetOf,
  partitionBits,
  partitionOf,
  sourceOf,
  subjectHash,
} from './entry.ts';
import { type GatheredEntries, gatherEntries } from './gather-entries.ts';
import { readLinesAt } from './read-lines-at.ts';
import { refreshSnapshot, sourceMark, whenNightBegins } from './refresh-snapshot.ts';
import { openSnapshot, type Snapshot } from './snapshot.ts';
import { sortEntries } from './sort-entries.ts';

/** Lines about photos that were stored from a source, and whose subjects a list lacks. */
export interface UnlistedLines {
  /** As often as it is called, in one order. */
  read(options: {
    onEvent: (event: LedgerEvent) => void;
    /** Awaited now and then, so that what `onEvent` gathers stays bounded. */
    afterBatch: () => Promise<void>;
  }): Promise<void>;
  close(): Promise<void>;
}

/**
 * Finds them by the snapshot: of the ledger no lines are read but theirs, and those that the snapshot lacks. Of the list
 * 12 bytes a subject are held; what is too much for memory lies in a nameless file.
 * @param options.subjects those that are listed, in batches
 * @returns undefined where the snapshot does not do: then all lines are to be read
 */
export async function findUnlistedLines(
  state: StateStore,
  options: { account: string; source: string; subjects: AsyncIterable<readonly string[]> },
): Promise<UnlistedLines | undefined> {
  try {
    await refreshSnapshot(state, { account: options.account, when: whenNightBegins });
    return await findBySnapshot(state, options);
  } catch {
    // A disk that is full, a snapshot that is damaged: the lines have all of it.
    return undefined;
  }
}

async function findBySnapshot(
  state: StateStore,
  { account, source, subjects }: Parameters<typeof findUnlistedLines>[1],
): Promise<UnlistedLines | undefined> {
  const { bytes } = state;
  const snapshot = await openSnapshot(state, account);
  if (!bytes || !snapshot) return undefined;
  const files = await openFiles(snapshot, bytes.open);
  const closeFiles = async () => {
    for (const file of files.values()) await file.close();
  };
  const listed = gatherEntries({ bytes, folder: `ledger/${account}`, words: hashWords });
  try {
    const others = await readOthers(state, { account, source, except: snapshot.covers });
    // Whoever has blanks around the id may be listed without them.
    if (files.size < snapshot.covers.size || !others || snapshot.facts.blanks > 0) {
      await closeFiles();
      return undefined;
    }
    for await (const batch of subjects) {
      for (const subjectId of batch) listed.next().set(subjectHash(subjectId));
      await listed.settle();
    }
    const found = await compare({ snapshot, source, listed, others });
    return {
      async read({ onEvent, afterBatch }) {
        for (const [path, file] of files) {
          const number = snapshot.facts.files.findIndex((covered) => covered.path === path);
          const onLine = (text: string) => {
            const event = parseLedgerEvent(text);
            if (event) onEvent(event);
          };
          await readLinesAt(file, { offsets: found.offsets.get(number) ?? [], onLine, afterBatch });
        }
        for (const event of found.events) onEvent(event);
        await afterBatch();
      },
      close: closeFiles,
    };
  } catch (error) {
    await closeFiles();
    throw error;
  } finally {
    await listed.close();
    await snapshot.close();
  }
}

const hashWords = 3;

/** Whatever becomes of its name, a file that is open can be read. */
async function openFiles(
  { covers }: Snapshot,
  open: (path: string) => Promise<ByteFile | undefined>,
): Promise<ReadonlyMap<string, ByteFile>> {
  const files = new Map<string, ByteFile>();
  for (const path of covers) {
    const file = await open(path);
    if (file) files.set(path, file);
  }
  return files;
}

/** With more lines than these that it lacks, the snapshot does not do. */
const mostOthers = 50_000;

/** What the snapshot lacks; undefined where that is too much, or has blanks around ids. */
async function readOthers(
  state: StateStore,
  { account, source, except }: { account: string; source: string; except: ReadonlySet<string> },
): Promise<readonly LedgerEvent[] | undefined> {
  const others: LedgerEvent[] = [];
  let hasBlanks = false;
  const onEvent = (event: LedgerEvent) => {
    hasBlanks ||= keyWithoutBlanks(event.subjectId) !== subjectKey(event.subjectId);
    if (sourceNameOf(event) === source && isStoredEvent(event) && others.length <= mostOthers)
      others.push(event);
  };
  await readLedger(state, { account, except, onEvent });
  return hasBlanks || others.length > mostOthers ? undefined : others;
}

/** @returns by file the places of lines that are not listed, and such events of the others */
async function compare(options: {
  snapshot: Snapshot;
  source: string;
  listed: GatheredEntries;
  others: readonly LedgerEvent[];
}): Promise<{ offsets: ReadonlyMap<number, readonly number[]>; events: readonly LedgerEvent[] }> {
  const { snapshot, source, listed, others } = options;
  const mark = snapshot.facts.sources.indexOf(sourceMark(source));
  const offsets = new Map<number, number[]>();
  const events: LedgerEvent[] = [];
  const hashedOthers = others.map((event) => ({
    event,
    hash: Uint32Array.from(subjectHash(event.subjectId)),
  }));
  const entriesOf = snapshot.partitions();
  for (let partition = 0; partition < 2 ** partitionBits; partition += 1) {
    const isListed = searchIn(sortEntries(await listed.partition(partition), hashWords));
    for (const { event, hash } of hashedOthers)
      if (partitionOf(hash, 0) === partition && !isListed(hash)) events.push(event);
    for (const entries of await entriesOf(partition)) {
      for (let from = 0; from < entries.length; from += entryWords) {
        const entry = entries.subarray(from, from + entryWords);
        if (!isStored(entry) || sourceOf(entry) !== mark || isListed(entry)) continue;
        const places = offsets.get(fileOf(entry)) ?? [];
        offsets.set(fileOf(entry), places);
        places.push(offsetOf(entry));
      }
    }
  }
  for (const places of offsets.values()) places.sort((one, other) => one - other);
  return { offsets, events };
}

/** Whether one of sorted hashes is that of a subject. */
function searchIn(hashes: Uint32Array): (subject: Uint32Array) => boolean {
  const compareAt = (place: number, subject: Uint32Array) => {
    for (let word = 0; word < hashWords; word += 1) {
      const order = (hashes[place * hashWords + word] ?? 0) - (subject[word] ?? 0);
      if (order !== 0) return order;
    }
    return 0;
  };
  return (subject) => {
    let low = 0;
    let high = hashes.length / hashWords;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareAt(middle, subject) < 0) low = middle + 1;
      else high = middle;
    }
    return low * hashWords < hashes.length && compareAt(low, subject) === 0;
  };
}
