import type { StateAppender, StateStore } from '../../storage/state/state-store.ts';
import { checkpointEpochOf, readCheckpoint, writeCheckpoint } from './report-checkpoint.ts';
import type { ReportLine } from './report-line.ts';
import {
  listParts,
  newPart,
  type PartInfo,
  partEpochOf,
  partNumberOf,
  partsFolder,
  scanPart,
  widened,
} from './report-part.ts';
import { addToTally, restoreTally, type Tally } from './report-tally.ts';
import { createSeqBitmap, type SeqBitmap } from './seq-bitmap.ts';
import type { SharedTemplate } from './shared-template.ts';

/** Lines in a part before the next one is started. */
const linesPerPart = 50_000;
/** A conductor that takes over reads at most this many lines again, besides the last checkpoint. */
const linesPerCheckpoint = 20_000;

/**
 * The report as it grows, in `parts/`. A conductor writes only parts of its own epoch; which photos have a line follows
 * from all parts. `checkpoint-<epoch>.json` saves the next conductor from reading them all; a damaged or foreign one is
 * ignored.
 */
export interface Parts {
  readonly covered: SeqBitmap;
  readonly tally: Tally;
  readonly infos: readonly PartInfo[];
  /**
   * Writes and syncs the lines of photos that have none yet, with what was found out of them, and returns these lines.
   * Overlapping calls run one after the other.
   */
  add(lines: readonly ReportLine[], found?: readonly SharedTemplate[]): Promise<ReportLine[]>;
  close(): Promise<void>;
}

/** The highest epoch in the names of all parts and checkpoints: a new conductor's must be higher. */
export async function highestEpoch(state: StateStore, runFolder: string): Promise<number> {
  const entries = await state.list(partsFolder(runFolder));
  return Math.max(0, ...entries.map(({ name }) => partEpochOf(name) ?? checkpointEpochOf(name) ?? 0));
}

export async function openParts(options: {
  state: StateStore;
  runFolder: string;
  epoch: number;
}): Promise<Parts> {
  const { state, runFolder, epoch } = options;
  const { covered, tally, infos } = await readAll(state, runFolder);
  let number = Math.max(
    0,
    ...infos.filter((info) => info.epoch === epoch).map(({ name }) => partNumberOf(name)),
  );
  let linesInPart = 0;
  let linesSinceCheckpoint = 0;
  let current: { appender: StateAppender; info: PartInfo } | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function begin(): Promise<{ appender: StateAppender; info: PartInfo }> {
    number += 1;
    linesInPart = 0;
    const name = `${epoch}-${number}.jsonl`;
    const appender = await state.openAppender(`${partsFolder(runFolder)}/${name}`);
    return { appender, info: newPart(name, epoch) };
  }

  async function addNow(
    lines: readonly ReportLine[],
    found: readonly SharedTemplate[],
  ): Promise<ReportLine[]> {
    const seen = new Set<number>();
    const fresh = lines.filter((line) => !covered.has(line.seq) && !seen.has(line.seq) && seen.add(line.seq));
    if (fresh.length === 0) return [];
    const part = current ?? (await begin());
    current = part;
    await part.appender.append([...found, ...fresh].map((line) => `${JSON.stringify(line)}\n`).join(''));
    tally.shared += found.length;
    for (const line of fresh) {
      covered.add(line.seq);
      addToTally(tally, line);
    }
    const { sizeInBytes } = part.appender;
    part.info = { ...widened(part.info, fresh), sizeInBytes };
    linesInPart += fresh.length;
    linesSinceCheckpoint += fresh.length;
    if (linesInPart >= linesPerPart) {
      await part.appender.close();
      infos.push(part.info);
      current = undefined;
    }
    if (linesSinceCheckpoint >= linesPerCheckpoint) await checkpoint();
    return fresh;
  }

  async function checkpoint(): Promise<void> {
    linesSinceCheckpoint = 0;
    const parts = current ? [...infos, current.info] : infos;
    await writeCheckpoint(state, { epoch, runFolder, parts, bitmap: covered.encode(), tally });
  }

  return {
    covered,
    tally,
    get infos() {
      return current ? [...infos, current.info] : infos;
    },
    add(lines, found = []) {
      const added = last.then(() => addNow(lines, found));
      last = added.catch(() => {});
      return added;
    },
    async close() {
      await last;
      await current?.appender.close();
    },
  };
}

async function readAll(state: StateStore, runFolder: string) {
  const parts = await listParts(state, runFolder);
  const checkpoint = await readCheckpoint(state, runFolder, parts);
  const covered = createSeqBitmap(checkpoint?.bitmap);
  const tally = restoreTally(checkpoint?.tally);
  const infos: PartInfo[] = [];
  for (const { name, epoch } of parts) {
    const known = checkpoint?.parts.find((part) => part.name === name) ?? newPart(name, epoch);
    const info = await scanPart(state, runFolder, {
      known,
      onLine: (line) => {
        if (covered.add(line.seq)) addToTally(tally, line);
      },
      onShared: () => {
        tally.shared += 1;
      },
    });
    infos.push(info);
  }
  return { covered, tally, infos };
}
