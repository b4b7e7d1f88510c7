import { gunzipSync, gzipSync } from 'node:zlib';

/** Which seqs have a line: one bit a photo, 1.25 MB for 10 million. */
export interface SeqBitmap {
  readonly count: number;
  has(seq: number): boolean;
  /** True if the seq was not in it before. */
  add(seq: number): boolean;
  /** Gzip and base64, for the checkpoint. */
  encode(): string;
}

export function createSeqBitmap(encoded?: string): SeqBitmap {
  let bits: Uint8Array =
    encoded === undefined ? new Uint8Array(1024) : gunzipSync(Buffer.from(encoded, 'base64'));
  let count = bits.reduce((sum, byte) => sum + bitsSet(byte), 0);
  return {
    get count() {
      return count;
    },
    has: (seq) => ((bits[seq >> 3] ?? 0) & (1 << (seq & 7))) !== 0,
    add(seq) {
      const index = seq >> 3;
      if (index >= bits.length) {
        const larger = new Uint8Array(Math.max(bits.length * 2, index + 1));
        larger.set(bits);
        bits = larger;
      }
      const before = bits[index] ?? 0;
      const after = before | (1 << (seq & 7));
      if (after === before) return false;
      bits[index] = after;
      count += 1;
      return true;
    },
    encode: () => gzipSync(bits).toString('base64'),
  };
}

function bitsSet(byte: number): number {
  let rest = byte;
  let count = 0;
  for (; rest > 0; rest &= rest - 1) count += 1;
  return count;
}
