import { createHashIndex } from '../../util/hash-index.ts';
import type { ArchiveEntry, ArchiveFile } from './archive-file.ts';

/** Where an entry of an archive file is, by its path. */
export interface ArchiveIndex {
  /** Undefined: there is none. `flaw`: why it cannot be known whether its bytes are the right ones. */
  find(path: string): { readonly position: number; readonly flaw?: string } | undefined;
}

const isTwice = 1;
const overlaps = 2;
const wordSize = 2 ** 32;

const twice =
  'is in the archive file more than once, and programs differ in which they take; keep one of them, or give each a name of its own';
const overlapping =
  'shares bytes with another entry, which no honest archive file does: it may be a zip bomb';

/** An index that is being made. Memory: 24 bytes an entry, up to 28 with free places. */
export interface GrowingIndex extends ArchiveIndex {
  add(entry: ArchiveEntry): void;
  noteOverlap(entry: ArchiveEntry): void;
}

export function createArchiveIndex(): GrowingIndex {
  const index = createHashIndex({ valueWords: 3 });
  const mark = (words: Uint32Array, flag: number) => {
    words[2] = (words[2] ?? 0) | flag;
  };
  return {
    add({ path, position }) {
      const words = index.enter(path);
      if (words[1] !== 0) mark(words, isTwice);
      words[0] = position % wordSize;
      words[1] = Math.floor(position / wordSize) + 1;
    },
    noteOverlap({ path }) {
      const words = index.find(path);
      if (words) mark(words, overlaps);
    },
    find(path) {
      const words = index.find(path);
      if (words === undefined) return undefined;
      const [low = 0, high = 0, flags = 0] = words;
      const flaw = (flags & isTwice) !== 0 ? twice : (flags & overlaps) !== 0 ? overlapping : undefined;
      return { position: (high - 1) * wordSize + low, ...(flaw !== undefined && { flaw }) };
    },
  };
}

/** Reads all of its directory or headers; of a file that is read forward, all of it. */
export async function indexArchive(file: ArchiveFile, signal: AbortSignal): Promise<ArchiveIndex> {
  const index = createArchiveIndex();
  let end = 0;
  let isInOrder = true;
  for await (const entry of file.entries({ signal })) {
    isInOrder &&= entry.range[0] >= end;
    end = entry.range[1];
    if (!entry.isFolder) index.add(entry);
  }
  if (!isInOrder) for await (const entry of overlapsOf(file, signal)) index.noteOverlap(entry);
  return index;
}

/** Entries whose bytes are another's as well. Memory, while it works: 16 bytes an entry. */
async function* overlapsOf(file: ArchiveFile, signal: AbortSignal): AsyncGenerator<ArchiveEntry> {
  const ranges: (readonly [number, number])[] = [];
  for await (const { range } of file.entries({ signal })) ranges.push(range);
  ranges.sort((one, other) => one[0] - other[0]);
  const shared = new Set<number>();
  for (let at = 1, reach = 0, from = 0; at < ranges.length; at += 1) {
    const [start = 0] = ranges[at] ?? [];
    const [earlier = 0, earlierEnd = 0] = ranges[at - 1] ?? [];
    if (earlierEnd > reach) [reach, from] = [earlierEnd, earlier];
    if (start < reach) shared.add(start).add(from);
  }
  if (shared.size === 0) return;
  for await (const entry of file.entries({ signal })) if (shared.has(entry.range[0])) yield entry;
}
