import { crc32 } from 'node:zlib';
import type { ByteFile } from '../../storage/state/state-store.ts';
import { type Entry, entryWords, headWords, type SubjectHash, subjectHash } from './entry.ts';
import {
  blockBytes,
  entriesPerBlock,
  entryAt,
  headBytes,
  indexWords,
  readEnd,
  readTrailer,
  type TableFacts,
  trailerBytes,
} from './table-format.ts';

/** A sorted table of entries on disk. Every block is checked when it is read. */
export interface Table {
  readonly facts: TableFacts;
  /**
   * The entries of subjects, by the ids that were asked for; none for those that have none.
   * @param withTail whether folders and places of the entries are of interest
   * @throws DamagedTable
   */
  find(subjectIds: Iterable<string>, options: { withTail: boolean }): Promise<FoundEntries>;
  /** All entries in their order, in batches. @throws DamagedTable */
  all(): AsyncGenerator<Uint32Array>;
  close(): Promise<void>;
}

export type FoundEntries = ReadonlyMap<string, readonly Entry[]>;

export class DamagedTable extends Error {}

/** Undefined where it is none, of another version, or torn. */
export async function openTable(file: ByteFile): Promise<Table | undefined> {
  const trailer = readTrailer(await readBytes(file, trailerBytes), file.sizeInBytes);
  if (!trailer) return undefined;
  const { blocks, endBytes } = trailer;
  const end = readEnd(await readBytes(file, endBytes), blocks);
  if (!end) return undefined;
  const { index, facts } = end;
  const blocksOf = searchBlocks(index);
  const caches = { heads: createBlocks(file, index, false), wholes: createBlocks(file, index, true) };
  return {
    facts,
    async find(subjectIds, { withTail }) {
      const wanted = new Map<number, Wanted[]>();
      for (const subjectId of new Set(subjectIds)) {
        const hash = subjectHash(subjectId);
        for (const block of blocksOf(hash[0])) {
          const before = wanted.get(block);
          if (before) before.push({ subjectId, hash });
          else wanted.set(block, [{ subjectId, hash }]);
        }
      }
      const found = new Map<string, Entry[]>();
      await (withTail ? caches.wholes : caches.heads)(wanted.keys(), (block, number) => {
        for (const { subjectId, hash } of wanted.get(number) ?? []) {
          const entries = entriesOf(block, hash);
          if (entries.length > 0) found.set(subjectId, [...(found.get(subjectId) ?? []), ...entries]);
        }
      });
      return found;
    },
    async *all() {
      const view = new Uint32Array(blockBytes / 4);
      for (let number = 0; number < blocks; number += 1) {
        await readBlock(file, { index, number, view });
        yield unpack(view);
      }
    },
    close: () => file.close(),
  };
}

interface Wanted {
  readonly subjectId: string;
  readonly hash: SubjectHash;
}

async function readBytes(file: ByteFile, sizeInBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(sizeInBytes);
  await file.read(bytes, Math.max(0, file.sizeInBytes - sizeInBytes));
  return bytes;
}

/** The blocks that may have entries that begin with a word: one as a rule. */
function searchBlocks(index: Uint32Array): (word: number) => number[] {
  const count = index.length / indexWords;
  const firstOf = (block: number) => index[block * indexWords] ?? 0;
  /** How many blocks begin below a word. */
  function countBelow(word: number): number {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (firstOf(middle) < word) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  return (word) => {
    const blocks: number[] = [];
    for (let block = Math.max(0, countBelow(word) - 1); block < count && firstOf(block) <= word; block += 1)
      blocks.push(block);
    return blocks;
  };
}

/** A million entries' heads are in memory once they were read; of more, those that were read last. */
const cacheBytes = 56 * 1024 * 1024;
const readsAtOnce = 32;

/** Fills a view of a block's size with it, or one of the heads' size with them. */
async function readBlock(
  file: ByteFile,
  { index, number, view }: { index: Uint32Array; number: number; view: Uint32Array },
): Promise<void> {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const count = await file.read(bytes, number * blockBytes);
  const [, heads, tails] = index.subarray(number * indexWords, (number + 1) * indexWords);
  const isWhole =
    count === bytes.length &&
    crc32(bytes.subarray(0, headBytes)) === heads &&
    (bytes.length === headBytes || crc32(bytes.subarray(headBytes)) === tails);
  if (!isWhole) throw new DamagedTable(`block ${number} is damaged`);
}

type UseBlocks = (
  numbers: Iterable<number>,
  use: (block: Uint32Array, number: number) => void,
) => Promise<void>;

/** Reads blocks, or their heads alone, into a ring of the latest ones, and shows each: a view for use at once. */
function createBlocks(file: ByteFile, index: Uint32Array, withTail: boolean): UseBlocks {
  const bytes = withTail ? blockBytes : headBytes;
  const slotCount = Math.min(index.length / indexWords, Math.floor(cacheBytes / bytes));
  let arena: ArrayBuffer | undefined;
  const slotOf = new Map<number, number>();
  const blockIn: number[] = [];
  let next = 0;
  const viewOf = (slot: number) => {
    arena ??= new ArrayBuffer(slotCount * bytes);
    return new Uint32Array(arena, slot * bytes, bytes / 4);
  };
  function takeSlot(): number {
    const slot = next;
    next = (next + 1) % slotCount;
    const former = blockIn[slot];
    if (former !== undefined) slotOf.delete(former);
    return slot;
  }
  async function read(number: number): Promise<Uint32Array> {
    const slot = takeSlot();
    const view = viewOf(slot);
    await readBlock(file, { index, number, view });
    slotOf.set(number, slot);
    blockIn[slot] = number;
    return view;
  }
  return async (numbers, use) => {
    const missing: number[] = [];
    for (const number of numbers) {
      const slot = slotOf.get(number);
      if (slot === undefined) missing.push(number);
      else use(viewOf(slot), number);
    }
    for (let from = 0; from < missing.length; from += readsAtOnce) {
      const some = missing.slice(from, from + readsAtOnce);
      const blocks = await Promise.all(some.map(read));
      blocks.forEach((block, place) => {
        use(block, some[place] ?? 0);
      });
    }
  };
}

/** @returns copies */
function entriesOf(block: Uint32Array, [first, second, third]: SubjectHash): Entry[] {
  let low = 0;
  let high = entriesPerBlock;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const isFree = block[middle * headWords + 2] === 0;
    if (!isFree && (block[middle * headWords] ?? 0) < first) low = middle + 1;
    else high = middle;
  }
  const entries: Entry[] = [];
  for (let entry = low; entry < entriesPerBlock && block[entry * headWords] === first; entry += 1) {
    const at = entry * headWords;
    if (block[at + 1] === second && block[at + 2] === third) entries.push(entryAt(block, entry));
  }
  return entries;
}

function unpack(block: Uint32Array): Uint32Array {
  const entries = new Uint32Array(entriesPerBlock * entryWords);
  let used = 0;
  for (let entry = 0; entry < entriesPerBlock; entry += 1) {
    if (block[entry * headWords + 2] === 0) break;
    entries.set(entryAt(block, entry), used);
    used += entryWords;
  }
  return entries.subarray(0, used);
}
