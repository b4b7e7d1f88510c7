import { entryWords, keyWords, partitionBits } from './entry.ts';

/**
 * Sorts what lies in a partition by its first words.
 * @param words of each: an entry, or a hash alone
 * @returns it in a new array
 */
export function sortEntries(entries: Uint32Array, words: number = entryWords): Uint32Array {
  const order = roughOrder(entries, words);
  const compared = Math.min(words, keyWords);
  // Nearly in order by now: each one moves a few places.
  for (let place = 1; place < order.length; place += 1) {
    const index = order[place] ?? 0;
    let before = place - 1;
    while (before >= 0 && compareAt(entries, (order[before] ?? 0) * words, index * words, compared) > 0) {
      order[before + 1] = order[before] ?? 0;
      before -= 1;
    }
    order[before + 1] = index;
  }
  const sorted = new Uint32Array(entries.length);
  for (let place = 0; place < order.length; place += 1) {
    const from = (order[place] ?? 0) * words;
    sorted.set(entries.subarray(from, from + words), place * words);
  }
  return sorted;
}

/** By the bits behind those of the partition, with as many buckets as entries: hashes spread, so each has a few. */
function roughOrder(entries: Uint32Array, words: number): Uint32Array {
  const count = entries.length / words;
  const bits = Math.min(16, Math.max(1, Math.ceil(Math.log2(count + 1))));
  const bucketOf = (index: number) => ((entries[index * words] ?? 0) << partitionBits) >>> (32 - bits);
  const next = new Uint32Array(2 ** bits + 1);
  for (let index = 0; index < count; index += 1) {
    const bucket = bucketOf(index) + 1;
    next[bucket] = (next[bucket] ?? 0) + 1;
  }
  for (let bucket = 1; bucket < next.length; bucket += 1)
    next[bucket] = (next[bucket] ?? 0) + (next[bucket - 1] ?? 0);
  const order = new Uint32Array(count);
  for (let index = 0; index < count; index += 1) {
    const bucket = bucketOf(index);
    const place = next[bucket] ?? 0;
    next[bucket] = place + 1;
    order[place] = index;
  }
  return order;
}

function compareAt(entries: Uint32Array, one: number, other: number, words: number): number {
  for (let word = 0; word < words; word += 1) {
    const order = (entries[one + word] ?? 0) - (entries[other + word] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}
