import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { StateAppender, StateStore } from '../state/state-store.ts';
import { type ReportLine, reportLineSchema } from './record.ts';
import { createSeqBitmap, type SeqBitmap } from './seq-bitmap.ts';
import { addToTally, emptyTally, type Tally } from './tally.ts';

/** Lines a part holds before the next one is begun. */
const linesPerPart = 50_000;
/** A take-over reads at most this many lines again, besides the last checkpoint. */
const linesPerCheckpoint = 20_000;

/** One file of `parts/`, as far as it was read. */
export interface PartInfo {
  readonly name: string;
  readonly epoch: number;
  readonly sizeInBytes: number;
  readonly smallestSeq: number;
  readonly largestSeq: number;
}

/**
 * The report as it grows. A conductor writes only parts of its own epoch; which photos have a line is known from all
 * parts. `checkpoint-<epoch>.json` spares a take-over the reading of them all; a torn or foreign one is ignored.
 */
export interface Parts {
  readonly covered: SeqBitmap;
  readonly tally: Tally;
  readonly infos: readonly PartInfo[];
  /** Writes and syncs the lines of photos that have none yet; the others are left out. */
  add(lines: readonly ReportLine[]): Promise<ReportLine[]>;
  close(): Promise<void>;
}

export const partsFolder = (runFolder: string) => `${runFolder}/parts`;
export const partPattern = /^(\d+)-(\d+)\.jsonl$/;
const checkpointPattern = /^checkpoint-(\d+)\.json$/;

const checkpointSchema = z.object({
  parts: z.array(
    z.object({
      name: z.string(),
      epoch: z.number(),
      sizeInBytes: z.number(),
      smallestSeq: z.number(),
      largestSeq: z.number(),
    }),
  ),
  bitmap: z.string(),
  tally: z.object({
    total: z.number(),
    byStatus: z.record(z.string(), z.number()),
    byCode: z.record(z.string(), z.number()),
    deadLetters: z.number(),
    calls: z.number(),
    retries: z.number(),
  }),
});

/** Highest epoch that any file of the parts folder shows: a new conductor's must be higher. */
export async function highestEpoch(state: StateStore, runFolder: string): Promise<number> {
  const entries = await state.list(partsFolder(runFolder));
  const epochs = entries.map(({ name }) =>
    Number((partPattern.exec(name) ?? checkpointPattern.exec(name))?.[1] ?? 0),
  );
  return Math.max(0, ...epochs);
}

export async function openParts(options: {
  state: StateStore;
  runFolder: string;
  epoch: number;
}): Promise<Parts> {
  const { state, runFolder, epoch } = options;
  const folder = partsFolder(runFolder);
  const { covered, tally, infos } = await readAll(state, folder);
  let number = 0;
  let linesInPart = 0;
  let linesSinceCheckpoint = 0;
  let current: { appender: StateAppender; info: PartInfo } | undefined;

  async function begin(): Promise<{ appender: StateAppender; info: PartInfo }> {
    number += 1;
    linesInPart = 0;
    const name = `${epoch}-${number}.jsonl`;
    const appender = await state.openAppender(`${folder}/${name}`);
    return {
      appender,
      info: { name, epoch, sizeInBytes: 0, smallestSeq: Number.MAX_SAFE_INTEGER, largestSeq: 0 },
    };
  }

  async function checkpoint(): Promise<void> {
    linesSinceCheckpoint = 0;
    const parts = current ? [...infos, current.info] : infos;
    const body = JSON.stringify({ parts, bitmap: covered.encode(), tally });
    await state.write(`${folder}/checkpoint-${epoch}.json`, JSON.stringify({ sha256: sha256(body), body }));
  }

  return {
    covered,
    tally,
    get infos() {
      return current ? [...infos, current.info] : infos;
    },
    async add(lines) {
      const seen = new Set<number>();
      const fresh = lines.filter(
        (line) => !covered.has(line.seq) && !seen.has(line.seq) && seen.add(line.seq),
      );
      if (fresh.length === 0) return [];
      current ??= await begin();
      const text = fresh.map((line) => `${JSON.stringify(line)}\n`).join('');
      await current.appender.append(text);
      let info: PartInfo = { ...current.info, sizeInBytes: current.appender.sizeInBytes };
      for (const line of fresh) {
        covered.add(line.seq);
        addToTally(tally, line);
        info = widened(info, line.seq);
      }
      current.info = info;
      linesInPart += fresh.length;
      linesSinceCheckpoint += fresh.length;
      if (linesInPart >= linesPerPart) {
        await current.appender.close();
        infos.push(current.info);
        current = undefined;
      }
      if (linesSinceCheckpoint >= linesPerCheckpoint) await checkpoint();
      return fresh;
    },
    async close() {
      await current?.appender.close();
    },
  };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function widened(info: PartInfo, seq: number): PartInfo {
  return {
    ...info,
    smallestSeq: Math.min(info.smallestSeq, seq),
    largestSeq: Math.max(info.largestSeq, seq),
  };
}

async function readAll(state: StateStore, folder: string) {
  const entries = await state.list(folder);
  const checkpoint = await readCheckpoint(
    state,
    folder,
    entries.map((entry) => entry.name),
  );
  const covered = createSeqBitmap(checkpoint?.bitmap);
  const tally: Tally = checkpoint ? { ...emptyTally(), ...(checkpoint.tally as Tally) } : emptyTally();
  const infos: PartInfo[] = [];
  for (const { name } of entries) {
    const epoch = partPattern.exec(name)?.[1];
    if (epoch === undefined) continue;
    const known = checkpoint?.parts.find((part) => part.name === name);
    let info = known ?? newPart(name, Number(epoch));
    for await (const lines of state.readLines(`${folder}/${name}`, { offset: info.sizeInBytes })) {
      for (const { text, offset, sizeInBytes } of lines) {
        info = { ...info, sizeInBytes: offset + sizeInBytes };
        const line = parsePartLine(text);
        if (!line) continue;
        info = widened(info, line.seq);
        if (covered.add(line.seq)) addToTally(tally, line);
      }
    }
    infos.push(info);
  }
  return { covered, tally, infos };
}

export function newPart(name: string, epoch: number): PartInfo {
  return { name, epoch, sizeInBytes: 0, smallestSeq: Number.MAX_SAFE_INTEGER, largestSeq: 0 };
}

/** A line of a part, or undefined if it is damaged: its photo then counts as having none and is done again. */
export function parsePartLine(text: string): ReportLine | undefined {
  try {
    const parsed = reportLineSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

async function readCheckpoint(state: StateStore, folder: string, names: readonly string[]) {
  const newestFirst = names
    .filter((name) => checkpointPattern.test(name))
    .sort((a, b) => Number(checkpointPattern.exec(b)?.[1]) - Number(checkpointPattern.exec(a)?.[1]));
  for (const name of newestFirst) {
    try {
      const { sha256: hash, body } = JSON.parse((await state.read(`${folder}/${name}`))?.toString() ?? '');
      if (typeof body !== 'string' || sha256(body) !== hash) continue;
      return checkpointSchema.parse(JSON.parse(body));
    } catch {
      // A checkpoint only saves time: without it the parts are read from their beginning.
    }
  }
  return undefined;
}
