import { hash } from 'node:crypto';

/**
 * A map from long texts to a few whole numbers each, for millions of them: the first 95 bits of the text's SHA-256 and
 * the numbers (32 bits each, unsigned), in open-addressed tables. Two of ten million texts share 95 bits once in 10^15
 * lists.
 */
export interface HashIndex {
  /** The numbers of a text: a view to read or write at once, for the next `enter` may move it. */
  find(text: string): Uint32Array | undefined;
  /** The same, for a text that may be new: its numbers are 0 then. */
  enter(text: string): Uint32Array;
  readonly sizeInBytes: number;
}

/** Many small tables instead of one, so that growing copies a 64th of the whole at a time. */
const tableCount = 64;
const keyWords = 3;
const fullest = 0.92;
/** Never less than 0.85 full. */
const growth = 1.08;
const firstEntries = 64;

export function createHashIndex({ valueWords }: { valueWords: number }): HashIndex {
  const wordsPerEntry = keyWords + valueWords;
  const createTable = (entries: number): Table => ({
    words: new Uint32Array(entries * wordsPerEntry),
    used: 0,
  });
  const tables = Array.from({ length: tableCount }, () => createTable(firstEntries));
  const tableOf = ([first]: Key) => tables[first % tableCount] ?? createTable(firstEntries);
  const key: Key = [0, 0, 1];
  let keyText: string | undefined;
  /** A text is mostly entered right after it was looked for; the hash is what both cost. */
  const keyFor = (text: string): Key => {
    if (text !== keyText) {
      writeKey(text, key);
      keyText = text;
    }
    return key;
  };

  /** Where the key is, or the free place where it belongs. */
  function slotOf(words: Uint32Array, [first, second, third]: Key): number {
    let slot = (second % (words.length / wordsPerEntry)) * wordsPerEntry;
    while (
      words[slot + 2] !== 0 &&
      !(words[slot] === first && words[slot + 1] === second && words[slot + 2] === third)
    ) {
      slot = slot + wordsPerEntry === words.length ? 0 : slot + wordsPerEntry;
    }
    return slot;
  }

  function grow({ words, used }: Table): Table {
    const larger: Table = {
      words: createTable(Math.ceil((words.length / wordsPerEntry) * growth)).words,
      used,
    };
    const moved: Key = [0, 0, 0];
    for (let from = 0; from < words.length; from += wordsPerEntry) {
      if (words[from + 2] === 0) continue;
      for (let word = 0; word < keyWords; word += 1) moved[word] = words[from + word] ?? 0;
      const to = slotOf(larger.words, moved);
      // A view to copy by would cost more than the words.
      for (let word = 0; word < wordsPerEntry; word += 1) larger.words[to + word] = words[from + word] ?? 0;
    }
    return larger;
  }

  const valuesAt = (words: Uint32Array, slot: number) =>
    words.subarray(slot + keyWords, slot + wordsPerEntry);

  return {
    find(text) {
      const key = keyFor(text);
      const { words } = tableOf(key);
      const slot = slotOf(words, key);
      return words[slot + 2] === 0 ? undefined : valuesAt(words, slot);
    },
    enter(text) {
      const key = keyFor(text);
      let table = tableOf(key);
      if ((table.used + 1) * wordsPerEntry > table.words.length * fullest) {
        table = grow(table);
        tables[key[0] % tableCount] = table;
      }
      const { words } = table;
      const slot = slotOf(words, key);
      if (words[slot + 2] === 0) {
        words.set(key, slot);
        table.used += 1;
      }
      return valuesAt(words, slot);
    },
    get sizeInBytes() {
      return tables.reduce((sum, table) => sum + table.words.byteLength, 0);
    },
  };
}

interface Table {
  readonly words: Uint32Array;
  used: number;
}

/** The third word is never 0: that is how a free place is known. */
type Key = [number, number, number];

function writeKey(text: string, key: Key): void {
  // A string of bytes takes a third of the time that a buffer takes.
  const digest = hash('sha256', text, 'binary');
  key[0] = wordAt(digest, 0);
  key[1] = wordAt(digest, 4);
  key[2] = (wordAt(digest, 8) | 1) >>> 0;
}

const wordAt = (bytes: string, at: number) =>
  ((bytes.charCodeAt(at) << 24) |
    (bytes.charCodeAt(at + 1) << 16) |
    (bytes.charCodeAt(at + 2) << 8) |
    bytes.charCodeAt(at + 3)) >>>
  0;
