import { createHash } from 'node:crypto';

/**
 * Remembers a number for each text of a long list in about 25 bytes a text: the first 96 bits of the text's SHA-256
 * and the number, in open-addressed tables. Two of ten million texts share 96 bits once in 10^15 lists.
 */
export interface SubjectIndex {
  get(text: string): number | undefined;
  set(text: string, value: number): void;
  readonly sizeInBytes: number;
}

/** Many small tables instead of one, so that growing copies a 64th of the whole at a time. */
const tableCount = 64;
const wordsPerEntry = 4;
const fullest = 0.8;

export function createSubjectIndex(): SubjectIndex {
  const tables = Array.from({ length: tableCount }, () => createTable(64));
  return {
    get(text) {
      const key = keyOf(text);
      const table = tables[key[0] & (tableCount - 1)];
      const value = table?.words[slotOf(table.words, key) + 3] ?? 0;
      return value === 0 ? undefined : value;
    },
    set(text, value) {
      const key = keyOf(text);
      const at = key[0] & (tableCount - 1);
      let table = tables[at] ?? createTable(64);
      if ((table.used + 1) * wordsPerEntry > table.words.length * fullest) {
        table = grow(table);
        tables[at] = table;
      }
      const slot = slotOf(table.words, key);
      if (table.words[slot + 3] === 0) table.used += 1;
      table.words.set([...key, value], slot);
    },
    get sizeInBytes() {
      return tables.reduce((sum, table) => sum + table.words.byteLength, 0);
    },
  };
}

interface Table {
  /** Three words of hash and one of value an entry; a value of 0 is a free place. */
  readonly words: Uint32Array;
  used: number;
}

type Key = readonly [number, number, number];

const createTable = (entries: number): Table => ({
  words: new Uint32Array(entries * wordsPerEntry),
  used: 0,
});

function keyOf(text: string): Key {
  const digest = createHash('sha256').update(text).digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8)];
}

/** Where the key is, or the free place where it belongs. */
function slotOf(words: Uint32Array, [first, second, third]: Key): number {
  let slot = (second % (words.length / wordsPerEntry)) * wordsPerEntry;
  while (
    words[slot + 3] !== 0 &&
    !(words[slot] === first && words[slot + 1] === second && words[slot + 2] === third)
  ) {
    slot = slot + wordsPerEntry === words.length ? 0 : slot + wordsPerEntry;
  }
  return slot;
}

function grow({ words, used }: Table): Table {
  const larger: Table = { words: createTable(Math.ceil((words.length / wordsPerEntry) * 1.6)).words, used };
  for (let from = 0; from < words.length; from += wordsPerEntry) {
    if (words[from + 3] === 0) continue;
    const key: Key = [words[from] ?? 0, words[from + 1] ?? 0, words[from + 2] ?? 0];
    larger.words.set(words.subarray(from, from + wordsPerEntry), slotOf(larger.words, key));
  }
  return larger;
}
