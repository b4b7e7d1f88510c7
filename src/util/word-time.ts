const wordSize = 2 ** 32;

/** Milliseconds since 1970 in two of an index's 32-bit numbers, the high one first; 0 where none was written. */
export const timeAt = (words: Uint32Array, place: number): number =>
  (words[place] ?? 0) * wordSize + (words[place + 1] ?? 0);

export function writeTimeAt(words: Uint32Array, place: number, time: number): void {
  words[place] = Math.floor(time / wordSize);
  words[place + 1] = time % wordSize;
}
