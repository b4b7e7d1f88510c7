import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { givenIdsSchema } from '../known-templates.ts';
import { entryWords, headWords, tailWords } from './entry.ts';

/**
 * The snapshot's file: blocks of sorted entries, of each block the heads and then the tails; then three words a block (its
 * first entry's first word, the checksums of its heads and tails), the table's facts as JSON, and eight words that say
 * where all this is. Words are in this machine's order of bytes: a file of another order is none.
 */
export const entriesPerBlock = 78;
const bytesPerWord = 4;
export const headBytes = entriesPerBlock * headWords * bytesPerWord;
export const tailBytes = entriesPerBlock * tailWords * bytesPerWord;
export const blockBytes = headBytes + tailBytes;
export const indexWords = 3;
const trailerWords = 8;
export const trailerBytes = trailerWords * bytesPerWord;

const magic = 0x726f_6c6c;
/** To be raised whenever a hash, a flag or a place of an entry changes its meaning. */
const formatVersion = 3;

const factsSchema = z.object({
  files: z.array(z.object({ path: z.string(), sizeInBytes: z.number(), check: z.string() })),
  /** What the details of entries stand for: checks that were required, the code of a check that was not fine. */
  required: z.array(z.array(z.string())),
  checks: z.array(z.string()),
  /** Hashes of what the ledger calls its sources. */
  sources: z.array(z.string()),
  entries: z.number(),
  /** Lines whose subjects have blanks around their ids. */
  blanks: z.number(),
  /** Lines that do not say how the subject's id arose, and the pattern by which their folders were found. */
  older: z.number(),
  idFrom: z.string(),
  /** Whether each line's template can be asked for, or only one whose id does not follow from its subject. */
  allTemplates: z.boolean(),
  /** Which template ids lists gave. */
  given: givenIdsSchema,
});
export type TableFacts = z.infer<typeof factsSchema>;

export interface TableEnd {
  readonly blocks: number;
  readonly index: Uint32Array;
  readonly facts: TableFacts;
}

/** What comes after the blocks. */
export function writeEnd({ blocks, index, facts }: TableEnd): Uint8Array[] {
  const indexBytes = new Uint8Array(index.buffer, index.byteOffset, index.byteLength);
  const json = Buffer.from(JSON.stringify(facts));
  const trailer = new Uint32Array(trailerWords);
  trailer.set([magic, formatVersion, blocks, json.length, crc32(json, crc32(indexBytes))]);
  trailer[trailerWords - 1] = checkOf(trailer);
  return [indexBytes, json, new Uint8Array(trailer.buffer)];
}

/** How much of the end of a file of some size is to be read; undefined: it is none of this version, or not whole. */
export function readTrailer(
  bytes: Uint8Array,
  sizeInBytes: number,
): { blocks: number; endBytes: number } | undefined {
  const trailer = new Uint32Array(new Uint8Array(bytes).buffer);
  const [first, version, blocks = 0, jsonBytes = 0] = trailer;
  if (first !== magic || version !== formatVersion || trailer[trailerWords - 1] !== checkOf(trailer))
    return undefined;
  const endBytes = blocks * indexWords * bytesPerWord + jsonBytes + trailerBytes;
  return blocks * blockBytes + endBytes === sizeInBytes ? { blocks, endBytes } : undefined;
}

/** Undefined where a bit is not as it was written. */
export function readEnd(bytes: Uint8Array, blocks: number): TableEnd | undefined {
  const indexBytes = blocks * indexWords * bytesPerWord;
  const trailer = new Uint32Array(new Uint8Array(bytes.subarray(-trailerBytes)).buffer);
  if (trailer[4] !== crc32(bytes.subarray(0, -trailerBytes))) return undefined;
  const index = new Uint32Array(new Uint8Array(bytes.subarray(0, indexBytes)).buffer);
  const text = Buffer.from(bytes.subarray(indexBytes, -trailerBytes)).toString();
  return { blocks, index, facts: factsSchema.parse(JSON.parse(text)) };
}

const checkOf = (trailer: Uint32Array) =>
  crc32(new Uint8Array(trailer.buffer, 0, trailerBytes - bytesPerWord));

/** Takes heads and tails of a block apart. */
export function packBlock(entries: Uint32Array): { heads: Uint32Array; tails: Uint32Array } {
  const heads = new Uint32Array(entriesPerBlock * headWords);
  const tails = new Uint32Array(entriesPerBlock * tailWords);
  for (let entry = 0; entry * entryWords < entries.length; entry += 1) {
    const from = entry * entryWords;
    heads.set(entries.subarray(from, from + headWords), entry * headWords);
    tails.set(entries.subarray(from + headWords, from + entryWords), entry * tailWords);
  }
  return { heads, tails };
}

/** One entry of a block, with its tail where that was read. */
export function entryAt(block: Uint32Array, entry: number): Uint32Array {
  const head = block.subarray(entry * headWords, (entry + 1) * headWords);
  if (block.length === entriesPerBlock * headWords) return head.slice();
  const tail = entriesPerBlock * headWords + entry * tailWords;
  const whole = new Uint32Array(entryWords);
  whole.set(head);
  whole.set(block.subarray(tail, tail + tailWords), headWords);
  return whole;
}
