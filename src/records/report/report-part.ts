import { z } from 'zod';
import type { StateStore } from '../../storage/state/state-store.ts';
import { type ReportLine, reportLineSchema } from './report-line.ts';
import { parseSharedTemplate, type SharedTemplate } from './shared-template.ts';

/** One file of `parts/`, as far as it is known. */
export interface PartInfo {
  readonly name: string;
  readonly epoch: number;
  /** Up to the last whole line. */
  readonly sizeInBytes: number;
  readonly smallestSeq: number;
  readonly largestSeq: number;
}

export const partsFolder = (runFolder: string) => `${runFolder}/parts`;

const partPattern = /^(\d+)-(\d+)\.jsonl$/;

/** The epoch of the conductor that wrote this file; undefined for a file that is no part. */
export function partEpochOf(name: string): number | undefined {
  const epoch = partPattern.exec(name)?.[1];
  return epoch === undefined ? undefined : Number(epoch);
}

export function newPart(name: string, epoch: number): PartInfo {
  return { name, epoch, sizeInBytes: 0, smallestSeq: Number.MAX_SAFE_INTEGER, largestSeq: 0 };
}

/** The parts of a run in the order in which they were started, with the current size of each file. */
export async function listParts(
  state: StateStore,
  runFolder: string,
): Promise<{ name: string; epoch: number; sizeInBytes: number }[]> {
  const entries = await state.list(partsFolder(runFolder));
  return entries
    .flatMap(({ name, sizeInBytes }) => {
      const epoch = partEpochOf(name);
      return epoch === undefined ? [] : [{ name, epoch, sizeInBytes }];
    })
    .sort((a, b) => a.epoch - b.epoch || partNumberOf(a.name) - partNumberOf(b.name));
}

/** Parts of one epoch are numbered from 1. */
export const partNumberOf = (name: string) => Number(partPattern.exec(name)?.[2] ?? 0);

/** Reads what was appended to a part since it was last read. */
export async function scanPart(
  state: StateStore,
  runFolder: string,
  {
    known,
    onLine,
    onShared,
  }: {
    known: PartInfo;
    onLine: (line: ReportLine) => void;
    onShared: (template: SharedTemplate) => void;
  },
): Promise<PartInfo> {
  let info = known;
  const path = `${partsFolder(runFolder)}/${known.name}`;
  for await (const lines of state.readLines(path, { offset: known.sizeInBytes })) {
    for (const { text, offset, sizeInBytes } of lines) {
      const line = parsePartLine(text);
      info = { ...(line ? widened(info, [line]) : info), sizeInBytes: offset + sizeInBytes };
      if (line) onLine(line);
      const shared = line ? undefined : parseSharedTemplate(text);
      if (shared) onShared(shared);
    }
  }
  return info;
}

/** The lines that were written last, the oldest first, in so many bytes of the parts. */
export async function* readLatestLines(
  state: StateStore,
  runFolder: string,
  sizeInBytes: number,
): AsyncGenerator<{ epoch: number; lines: ReportLine[] }> {
  const parts = await listParts(state, runFolder);
  let later = parts.reduce((sum, part) => sum + part.sizeInBytes, 0);
  for (const { name, epoch, sizeInBytes: size } of parts) {
    later -= size;
    const offset = Math.max(0, size + later - sizeInBytes);
    if (offset >= size) continue;
    // The first line may be half a one, which is none.
    for await (const lines of state.readLines(`${partsFolder(runFolder)}/${name}`, { offset }))
      yield {
        epoch,
        lines: lines.map(({ text }) => parsePartLine(text)).filter((line) => line !== undefined),
      };
  }
}

export function widened(info: PartInfo, lines: readonly Pick<ReportLine, 'seq'>[]): PartInfo {
  let { smallestSeq, largestSeq } = info;
  for (const { seq } of lines) {
    smallestSeq = Math.min(smallestSeq, seq);
    largestSeq = Math.max(largestSeq, seq);
  }
  return { ...info, smallestSeq, largestSeq };
}

/** For each of millions of lines. */
const compiledSchema = z.compile(reportLineSchema);

/** A line of a part; undefined if it is damaged: its photo then counts as having no line and is processed again. */
export function parsePartLine(text: string): ReportLine | undefined {
  try {
    const parsed = compiledSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** The seq of a line as conductors write it, without parsing the rest; undefined where the line begins otherwise. */
export function seqAtStart(text: string): number | undefined {
  const seq = /^\{"schema":"[^"\\]*","run":"[^"\\]*","seq":(\d{1,15}),/.exec(text)?.[1];
  return seq === undefined ? undefined : Number(seq);
}
