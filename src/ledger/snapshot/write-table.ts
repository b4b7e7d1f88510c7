import { crc32 } from 'node:zlib';
import type { ByteWriter } from '../../storage/state/state-store.ts';
import { entryWords } from './entry.ts';
import { sortEntries } from './sort-entries.ts';
import { entriesPerBlock, packBlock, type TableFacts, writeEnd } from './table-format.ts';

/** Writes partitions of entries, in their order, as blocks. */
export interface TableWriter {
  /** Entries in no order, all above those before. */
  write(partition: Uint32Array): Promise<void>;
  finish(facts: Omit<TableFacts, 'entries'>): Promise<void>;
}

const bufferBytes = 1024 * 1024;

export function createTableWriter(file: Pick<ByteWriter, 'write'>): TableWriter {
  const index: number[] = [];
  let open = new Uint32Array(entriesPerBlock * entryWords);
  let used = 0;
  let entries = 0;
  let buffered: Uint8Array[] = [];
  let bufferedBytes = 0;

  async function flush(): Promise<void> {
    const bytes = Buffer.concat(buffered);
    buffered = [];
    bufferedBytes = 0;
    await file.write(bytes);
  }

  function closeBlock(): void {
    const { heads, tails } = packBlock(open);
    const parts = [heads, tails].map((words) => new Uint8Array(words.buffer));
    index.push(open[0] ?? 0, ...parts.map((bytes) => crc32(bytes)));
    for (const bytes of parts) {
      buffered.push(bytes);
      bufferedBytes += bytes.length;
    }
    open = new Uint32Array(entriesPerBlock * entryWords);
    used = 0;
  }

  return {
    async write(partition) {
      const sorted = sortEntries(partition);
      entries += sorted.length / entryWords;
      for (let from = 0; from < sorted.length; ) {
        const some = sorted.subarray(from, from + open.length - used);
        open.set(some, used);
        used += some.length;
        from += some.length;
        if (used === open.length) closeBlock();
        if (bufferedBytes >= bufferBytes) await flush();
      }
    },
    async finish(facts) {
      if (used > 0) closeBlock();
      await flush();
      const end = { blocks: index.length / 3, index: Uint32Array.from(index), facts: { ...facts, entries } };
      for (const bytes of writeEnd(end)) await file.write(bytes);
    },
  };
}
