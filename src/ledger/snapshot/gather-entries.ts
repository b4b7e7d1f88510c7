import type { ByteFiles, ScratchFile } from '../../storage/state/state-store.ts';
import { partitionBits, partitionOf } from './entry.ts';

/** Entries, or hashes alone, in any order: what is too much for memory lies in a nameless file. */
export interface GatheredEntries {
  /** The next one, to be filled at once. */
  next(): Uint32Array;
  /** To be awaited now and then, so that memory stays bounded. */
  settle(): Promise<void>;
  /** All entries of a partition, in no order, once all are there. */
  partition(number: number): Promise<Uint32Array>;
  close(): Promise<void>;
}

/** Entries of 15 MB. */
const mostPerChunk = 200_000;
const fewestPerChunk = 500;

interface Chunk {
  words: Uint32Array;
  count: number;
}

/** Entries by partition, in the scratch file from an offset on; partition n begins at the n-th of the starts. */
interface Run {
  readonly offset: number;
  readonly starts: Uint32Array;
}

/** @param options.words of each */
export function gatherEntries({
  bytes,
  folder,
  words: entryWords,
}: {
  bytes: ByteFiles;
  folder: string;
  words: number;
}): GatheredEntries {
  const newChunk = (): Chunk => ({ words: new Uint32Array(fewestPerChunk * entryWords), count: 0 });
  const full: Chunk[] = [];
  let chunk = newChunk();
  let scratch: ScratchFile | undefined;
  const runs: Run[] = [];
  let last: ReturnType<typeof byPartition> | undefined;

  async function spill(): Promise<void> {
    for (let each = full.shift(); each; each = full.shift()) {
      scratch ??= await bytes.openScratch(folder);
      const { words, starts } = byPartition(each, entryWords);
      runs.push({ offset: scratch.sizeInBytes, starts });
      await scratch.append(new Uint8Array(words.buffer));
    }
  }

  return {
    next() {
      if (chunk.count === mostPerChunk) {
        full.push(chunk);
        chunk = newChunk();
      } else if (chunk.count * entryWords === chunk.words.length) {
        const { words } = chunk;
        chunk.words = new Uint32Array(Math.min(2 * words.length, mostPerChunk * entryWords));
        chunk.words.set(words);
      }
      const from = chunk.count * entryWords;
      chunk.count += 1;
      return chunk.words.subarray(from, from + entryWords);
    },
    settle: spill,
    async partition(number) {
      await spill();
      const parts: Uint32Array[] = [];
      for (const { offset, starts } of runs) {
        const [from = 0, end = 0] = starts.subarray(number, number + 2);
        const part = new Uint32Array((end - from) * entryWords);
        await scratch?.read(new Uint8Array(part.buffer), offset + from * entryWords * 4);
        parts.push(part);
      }
      last ??= byPartition(chunk, entryWords);
      const [from = 0, end = 0] = last.starts.subarray(number, number + 2);
      parts.push(last.words.subarray(from * entryWords, end * entryWords));
      return joined(parts);
    },
    close: async () => scratch?.close(),
  };
}

const partitions = 2 ** partitionBits;

/** The entries of a chunk, those of a partition side by side. */
function byPartition({ words, count }: Chunk, entryWords: number) {
  const next = new Uint32Array(partitions + 1);
  const end = count * entryWords;
  for (let from = 0; from < end; from += entryWords) {
    const partition = partitionOf(words, from);
    next[partition + 1] = (next[partition + 1] ?? 0) + 1;
  }
  for (let partition = 1; partition <= partitions; partition += 1)
    next[partition] = (next[partition] ?? 0) + (next[partition - 1] ?? 0);
  const starts = next.slice();
  const sorted = new Uint32Array(end);
  for (let from = 0; from < end; from += entryWords) {
    const partition = partitionOf(words, from);
    const place = next[partition] ?? 0;
    next[partition] = place + 1;
    sorted.set(words.subarray(from, from + entryWords), place * entryWords);
  }
  return { words: sorted, starts };
}

export function joined(parts: readonly Uint32Array[]): Uint32Array {
  const whole = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}
