import type { StateStore } from '../../storage/state/state-store.ts';
import { listParts, parsePartLine, partsFolder, seqAtStart } from './report-part.ts';
import { parseSharedTemplate, type SharedTemplate } from './shared-template.ts';

/** Where in a part the lines of each bucket of seqs lie: from the first of them to behind the last. */
export interface PartRanges {
  readonly path: string;
  /** By the number of the bucket, from 0. */
  readonly ranges: ReadonlyMap<number, ByteRange>;
}

export interface ByteRange {
  readonly offset: number;
  readonly end: number;
}

/**
 * Reads all parts once, without parsing what looks as conductors write it. Parts are nearly in order, so that the ranges
 * hardly overlap: a merge by buckets reads each byte about once more.
 * @returns the part of the lowest epoch first
 */
export async function locateLines(
  state: StateStore,
  runFolder: string,
  options: { linesPerBucket: number; onShared: (template: SharedTemplate) => void },
): Promise<PartRanges[]> {
  const parts: PartRanges[] = [];
  for (const { name } of await listParts(state, runFolder)) {
    const path = `${partsFolder(runFolder)}/${name}`;
    parts.push({ path, ranges: await locateInPart(state, path, options) });
  }
  return parts;
}

async function locateInPart(
  state: StateStore,
  path: string,
  { linesPerBucket, onShared }: { linesPerBucket: number; onShared: (template: SharedTemplate) => void },
): Promise<Map<number, ByteRange>> {
  const ranges = new Map<number, ByteRange>();
  for await (const lines of state.readLines(path)) {
    for (const { text, offset, sizeInBytes } of lines) {
      const seq = seqOf(text);
      if (seq === undefined) {
        const shared = parseSharedTemplate(text);
        if (shared) onShared(shared);
        continue;
      }
      const bucket = Math.floor((seq - 1) / linesPerBucket);
      const start = ranges.get(bucket)?.offset ?? offset;
      ranges.set(bucket, { offset: start, end: offset + sizeInBytes });
    }
  }
  return ranges;
}

/** Undefined for what is no line of a photo, or damaged. A line that begins as one may be damaged further on. */
export const seqOf = (text: string): number | undefined => seqAtStart(text) ?? parsePartLine(text)?.seq;
