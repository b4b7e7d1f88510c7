import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Entry,
  entryWords,
  headWords,
  keyWords,
  partitionOf,
  setFile,
  subjectHash,
} from '../../src/ledger/snapshot/entry.ts';
import { DamagedTable, openTable } from '../../src/ledger/snapshot/read-table.ts';
import { sortEntries } from '../../src/ledger/snapshot/sort-entries.ts';
import {
  blockBytes,
  entriesPerBlock,
  headBytes,
  type TableFacts,
  trailerBytes,
} from '../../src/ledger/snapshot/table-format.ts';
import { partitionsOf } from '../../src/ledger/snapshot/table-partitions.ts';
import { createTableWriter } from '../../src/ledger/snapshot/write-table.ts';
import { byteFileOf, createMemoryBytes } from './memory-bytes.ts';

const facts: Omit<TableFacts, 'entries'> = {
  files: ['one', 'two', 'three'].map((path) => ({ path, sizeInBytes: 1, check: 'c' })),
  required: [[], ['liveness']],
  checks: [''],
  sources: ['s'],
  blanks: 0,
  older: 0,
  idFrom: '{id}.{ext}',
  allTemplates: false,
  given: 'none',
};

/** An entry of a subject whose other words tell it apart from all others. */
function entryOf(subject: string, number: number): Entry {
  const entry = new Uint32Array(entryWords).fill(number);
  entry.set(subjectHash(subject));
  setFile(entry, number % 3);
  return entry;
}

const joined = (entries: readonly Uint32Array[]) => Uint32Array.from(entries.flatMap((entry) => [...entry]));
const split = (entries: Uint32Array, words: number = entryWords) =>
  Array.from({ length: entries.length / words }, (_, place) => [
    ...entries.subarray(place * words, (place + 1) * words),
  ]);
const byWords = (words: number) => (one: readonly number[], other: readonly number[]) => {
  for (let word = 0; word < words; word += 1)
    if (one[word] !== other[word]) return (one[word] ?? 0) - (other[word] ?? 0);
  return 0;
};

async function tableOf(entries: readonly Entry[]): Promise<Buffer> {
  const written: Uint8Array[] = [];
  const writer = createTableWriter({ write: async (bytes) => void written.push(bytes) });
  for (let partition = 0; partition < 256; partition += 1)
    await writer.write(joined(entries.filter((entry) => partitionOf(entry, 0) === partition)));
  await writer.finish(facts);
  return Buffer.concat(written);
}

async function opened(bytes: Uint8Array) {
  const file = byteFileOf(bytes);
  const table = await openTable(file);
  if (!table) throw new Error('it is none');
  return { table, reads: file.reads };
}

describe('entries of a partition', () => {
  it('are sorted by their first words, whatever they are, and those that are alike stay in their order', () => {
    // Words that differ in any of their bits; and few that differ, so that many entries begin alike.
    const any = fc.oneof(fc.constantFrom(0, 1, 2 ** 23, 2 ** 24 - 1, 2 ** 31, 2 ** 32 - 1), fc.nat());
    for (const [words, word] of [
      [3, any],
      [entryWords, any],
      [entryWords, fc.constantFrom(0, 1)],
    ] as const) {
      const entry = fc.array(word, { minLength: words, maxLength: words });
      fc.assert(
        fc.property(fc.nat(255), fc.array(entry, { maxLength: 70 }), (partition, all) => {
          const within = all.map(([first = 0, ...rest]) => [
            ((partition << 24) | (first & 0xff_ffff)) >>> 0,
            ...rest,
          ]);
          const sorted = sortEntries(Uint32Array.from(within.flat()), words);
          expect(split(sorted, words)).toEqual(within.toSorted(byWords(Math.min(words, keyWords))));
        }),
        { numRuns: 60 },
      );
    }
  });
});

describe('a table of entries', () => {
  /** Sizes around a block and a partition; some subjects with many entries, over the edges of blocks. */
  const subjectsOf = (count: number) =>
    Array.from({ length: count }, (_, number) =>
      entryOf(number % 5 === 0 ? 'much' : `s${number}`, number + 1),
    );

  it.each([0, 1, entriesPerBlock - 1, entriesPerBlock, entriesPerBlock + 1, 600])(
    'has each of %d entries, in order, and finds them by their subjects',
    async (count) => {
      const entries = subjectsOf(count);
      const { table } = await opened(await tableOf(entries));
      expect(table.facts).toEqual({ ...facts, entries: count });
      const all: number[][] = [];
      for await (const batch of table.all()) {
        expect(batch.length).toBeLessThanOrEqual(entriesPerBlock * entryWords);
        all.push(...split(batch.slice()));
      }
      expect(all).toEqual(entries.map((entry) => [...entry]).sort(byWords(keyWords)));
      const subjects = ['much', 'nobody', ...Array.from({ length: count }, (_, number) => `s${number}`)];
      for (const withTail of [true, false]) {
        const found = await table.find([...subjects, 'much'], { withTail });
        expect(found.has('nobody')).toBe(false);
        for (const subject of subjects) {
          const hash = [...subjectHash(subject)];
          const expected = entries
            .filter((entry) => hash.every((word, place) => entry[place] === word))
            .map((entry) => [...entry.subarray(0, withTail ? entryWords : headWords)]);
          const told = (found.get(subject) ?? []).map((entry) => [...entry]);
          expect(told.sort(byWords(entryWords))).toEqual(expected.sort(byWords(entryWords)));
        }
      }
    },
  );

  it('tells subjects apart whose hashes begin alike', async () => {
    const [first, second, third] = subjectHash('a');
    const like = (words: readonly number[], number: number) => {
      const entry = entryOf('a', number);
      entry.set(words);
      return entry;
    };
    const others = [
      like([first, second, (third ^ 2) >>> 0], 1),
      like([first, (second ^ 1) >>> 0, third], 2),
      like([(first ^ 1) >>> 0, second, third], 3),
    ];
    const { table } = await opened(await tableOf([...others, entryOf('a', 4), ...subjectsOf(200)]));
    const found = (await table.find(['a'], { withTail: true })).get('a');
    expect(found).toEqual([entryOf('a', 4)]);
  });

  it('is none of another version, or of another kind, though its checksums are right', async () => {
    const bytes = await tableOf(subjectsOf(3));
    const words = trailerBytes / 4;
    for (const word of [0, 1]) {
      const other = Buffer.from(bytes);
      const trailer = new Uint32Array(Uint8Array.from(other.subarray(-trailerBytes)).buffer);
      trailer[word] = (trailer[word] ?? 0) + 1;
      trailer[words - 1] = crc32(new Uint8Array(trailer.buffer, 0, trailerBytes - 4));
      other.set(new Uint8Array(trailer.buffer), other.length - trailerBytes);
      expect(await openTable(byteFileOf(other))).toBeUndefined();
    }
  });

  it('gives what it finds away, and lets go of its file', async () => {
    const { bytes, counts } = createMemoryBytes({ a: await tableOf([entryOf('a', 1)]) });
    const file = await bytes.open('a');
    const table = file && (await openTable(file));
    for (const withTail of [false, true]) {
      const find = async () => (await table?.find(['a'], { withTail }))?.get('a')?.[0];
      (await find())?.fill(0);
      expect((await find())?.[0]).toBe(subjectHash('a')[0]);
    }
    expect(counts.open).toBe(1);
    await table?.close();
    expect(counts.open).toBe(0);
  });

  it('reads a block once, and of it no more than is asked for', async () => {
    const { table, reads } = await opened(await tableOf(subjectsOf(600)));
    reads.length = 0;
    await table.find(['s1'], { withTail: false });
    await table.find(['s1'], { withTail: false });
    expect(reads.map(({ sizeInBytes }) => sizeInBytes)).toEqual([headBytes]);
    await table.find(['s1'], { withTail: true });
    expect(reads.map(({ sizeInBytes }) => sizeInBytes)).toEqual([headBytes, blockBytes]);
    expect(new Set(reads.map(({ offset }) => offset % blockBytes))).toEqual(new Set([0]));
  });

  it('is none, or says that it is damaged, wherever one bit of it is another', async () => {
    const entries = subjectsOf(100);
    const bytes = await tableOf(entries);
    const names = ['much', ...entries.map((_, number) => `s${number}`)];
    const expected = await (await opened(bytes)).table.find(names, { withTail: true });
    const places = fc.record({ at: fc.nat(bytes.length - 1), bit: fc.nat(7) });
    // Every place of the end and, of the blocks, some.
    const ends = Array.from({ length: 32 }, (_, from) => ({ at: bytes.length - 1 - from, bit: from % 8 }));
    for (const { at, bit } of [...ends, ...fc.sample(places, 150)]) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      const table = await openTable(byteFileOf(flipped));
      if (!table) continue;
      // What is not read does not harm: the last block is not full.
      const found = table.find(names, { withTail: true });
      await expect(found).rejects.toThrow(DamagedTable);
    }
    for (const size of [0, 1, 31, 32, blockBytes, bytes.length - 1])
      expect(await openTable(byteFileOf(bytes.subarray(0, size)))).toBeUndefined();
    expect(await openTable(byteFileOf(Buffer.concat([Buffer.alloc(4), bytes])))).toBeUndefined();
    expect(expected.size).toBeGreaterThan(50);
  });

  it('gives the entries of files that are there, under their new numbers, by partition', async () => {
    for (const [there, count] of [
      [
        [
          ['one', 0],
          ['two', 1],
          ['three', 2],
        ],
        600,
      ],
      [
        [
          ['three', 0],
          ['one', 5],
        ],
        600,
      ],
      [[], 600],
      [[['two', 7]], 3],
      [[['one', 0]], 0],
    ] as const) {
      const entries = subjectsOf(count);
      const { table } = await opened(await tableOf(entries));
      const numbers = new Map<string, number>(there.map(([path, number]) => [path, number]));
      const partitions = partitionsOf(table, numbers);
      const found: number[][] = [];
      for (let partition = 0; partition < 256; partition += 1)
        for (const some of await partitions(partition)) {
          for (const words of split(some)) {
            expect(partitionOf(Uint32Array.from(words), 0)).toBe(partition);
            found.push(words);
          }
        }
      const expected = entries.flatMap((entry, index) => {
        const number = numbers.get(facts.files[(index + 1) % 3]?.path ?? '');
        if (number === undefined) return [];
        const kept = entry.slice();
        setFile(kept, number);
        return [[...kept]];
      });
      expect(found).toEqual(expected.sort(byWords(keyWords)));
    }
  });
});
