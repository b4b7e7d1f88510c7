import { hash } from 'node:crypto';

/**
 * Remembers the first and the latest seq for each text of a long list in 25 to 32 bytes a text: the first 96 bits of the
 * text's SHA-256 and the two seqs, in open-addressed tables. Two of ten million texts share 96 bits once in 10^15 lists.
 */
export interface SubjectIndex {
  get(text: string): SeqsOfText | undefined;
  /** The latest seq of the text; if it was not known, its first too. Seqs count from 1. */
  enter(text: string, seq: number): void;
  readonly sizeInBytes: number;
}

export interface SeqsOfText {
  readonly first: number;
  readonly latest: number;
}

/** Many small tables instead of one, so that growing copies a 64th of the whole at a time. */
const tableCount = 64;
/** Three words of hash, the first seq and the latest. A first seq of 0 is a free place. */
const wordsPerEntry = 5;
const fullest = 0.8;
/** Never less than 0.64 full, so that subjects and templates together stay below 64 bytes a photo. */
const growth = 1.25;

export function createSubjectIndex(): SubjectIndex {
  const tables = Array.from({ length: tableCount }, () => createTable(64));
  let latestText: string | undefined;
  let latestKey: Key = [0, 0, 0];
  /** A text is mostly entered right after it was looked for; the hash is what both cost. */
  const keyFor = (text: string) => {
    if (text !== latestText) [latestText, latestKey] = [text, keyOf(text)];
    return latestKey;
  };
  const tableOf = (key: Key) => tables[key[0] % tableCount] ?? createTable(64);
  return {
    get(text) {
      const key = keyFor(text);
      const { words } = tableOf(key);
      const slot = slotOf(words, key);
      const first = words[slot + 3] ?? 0;
      return first === 0 ? undefined : { first, latest: words[slot + 4] ?? first };
    },
    enter(text, seq) {
      const key = keyFor(text);
      let table = tableOf(key);
      if ((table.used + 1) * wordsPerEntry > table.words.length * fullest) {
        table = grow(table);
        tables[key[0] % tableCount] = table;
      }
      const { words } = table;
      const slot = slotOf(words, key);
      if (words[slot + 3] === 0) {
        words.set(key, slot);
        words[slot + 3] = seq;
        table.used += 1;
      }
      words[slot + 4] = seq;
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

type Key = readonly [number, number, number];

const createTable = (entries: number): Table => ({
  words: new Uint32Array(entries * wordsPerEntry),
  used: 0,
});

function keyOf(text: string): Key {
  // As a string it takes a third of the time that a buffer takes.
  const digest = hash('sha256', text, 'hex');
  const word = (index: number) => Number.parseInt(digest.slice(8 * index, 8 * index + 8), 16);
  return [word(0), word(1), word(2)];
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
  const entries = words.length / wordsPerEntry;
  const larger: Table = { words: createTable(Math.ceil(entries * growth)).words, used };
  for (let from = 0; from < words.length; from += wordsPerEntry) {
    if (words[from + 3] === 0) continue;
    const key: Key = [words[from] ?? 0, words[from + 1] ?? 0, words[from + 2] ?? 0];
    larger.words.set(words.subarray(from, from + wordsPerEntry), slotOf(larger.words, key));
  }
  return larger;
}
