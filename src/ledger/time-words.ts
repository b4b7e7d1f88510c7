import type { EventTimes } from './ledger-event.ts';

const wordSize = 2 ** 32;

/** Times of an event as the first four of an index's 32-bit numbers. */
export function writeTimes(words: Uint32Array, { at, seenAt }: EventTimes): void {
  words[0] = Math.floor(at / wordSize);
  words[1] = at % wordSize;
  words[2] = Math.floor(seenAt / wordSize);
  words[3] = seenAt % wordSize;
}

export function readTimes([atHigh = 0, atLow = 0, seenHigh = 0, seenLow = 0]: Uint32Array): EventTimes {
  return { at: atHigh * wordSize + atLow, seenAt: seenHigh * wordSize + seenLow };
}
