import { createHash } from 'node:crypto';
import type { StateStore } from '../storage/state/state-store.ts';
import { FaultError } from '../util/errors.ts';
import { removeCheckpoints } from './report-checkpoint.ts';
import { isDeadLetter, type ReportLine, reportLineSchema } from './report-line.ts';
import {
  listParts,
  newPart,
  type PartInfo,
  parsePartLine,
  partsFolder,
  readSharedTemplates,
  scanPart,
  seqAtStart,
} from './report-part.ts';
import { createSharedTemplates } from './shared-template.ts';

/** Lines held in memory at once, about 1 kB each. */
const linesPerBucket = 20_000;

/**
 * Merges the parts by seq into `report.jsonl` and `dead-letters.jsonl`; the lowest epoch wins. Seqs are merged in
 * buckets, and for a bucket only the parts are read that overlap with it: parts are nearly in order, so each is read
 * three or four times, and each line is parsed once. Nothing is moved or removed: a merge that was killed is done again.
 * @returns the SHA-256 of the report
 */
export async function mergeParts(options: {
  state: StateStore;
  runFolder: string;
  count: number;
  parts: readonly PartInfo[];
  /** Whether template ids were found to be shared: only then all parts are read once more for them. */
  hasShared?: boolean;
  /** Called with every line, also those that are left out. */
  onLine: (line: ReportLine) => void;
  /** Awaited after each bucket, so that what `onLine` collects stays bounded. */
  afterBucket?: () => Promise<void>;
  /** Lines that the report leaves out. */
  isLeftOut?: (line: ReportLine) => boolean;
}): Promise<string> {
  const { state, runFolder, count, onLine, afterBucket, isLeftOut } = options;
  const { parts, isSharedNow } = await refreshParts(state, runFolder, options.parts);
  const shared = createSharedTemplates();
  if (options.hasShared || isSharedNow) await readSharedTemplates(state, runFolder, shared.add);
  const report = await state.openWriter(`${runFolder}/report.jsonl`);
  const deadLetters = await state.openWriter(`${runFolder}/dead-letters.jsonl`);
  const hash = createHash('sha256');
  try {
    for (let first = 1; first <= count; first += linesPerBucket) {
      const last = Math.min(count, first + linesPerBucket - 1);
      const bucket = await readBucket({ state, runFolder, parts, first, last });
      let text = '';
      let deadText = '';
      for (let seq = first; seq <= last; seq += 1) {
        const found = bucket[seq - first];
        if (!found) throw await incomplete(state, runFolder, seq);
        const line = shared.judge(found.line);
        const lineText = line === found.line ? found.text : JSON.stringify(reportLineSchema.parse(line));
        if (!isLeftOut?.(line)) text += `${lineText}\n`;
        if (isDeadLetter(line)) deadText += `${lineText}\n`;
        onLine(line);
      }
      hash.update(text);
      await report.write(text);
      await deadLetters.write(deadText);
      await afterBucket?.();
    }
    await deadLetters.commit();
    await report.commit();
    return hash.digest('hex');
  } finally {
    await report.discard();
    await deadLetters.discard();
  }
}

interface FoundLine {
  readonly epoch: number;
  readonly text: string;
  readonly line: ReportLine;
}

async function readBucket(options: {
  state: StateStore;
  runFolder: string;
  parts: readonly PartInfo[];
  first: number;
  last: number;
}): Promise<(FoundLine | undefined)[]> {
  const { state, runFolder, parts, first, last } = options;
  const bucket: (FoundLine | undefined)[] = [];
  for (const part of parts) {
    if (part.largestSeq < first || part.smallestSeq > last) continue;
    for await (const lines of state.readLines(`${partsFolder(runFolder)}/${part.name}`)) {
      for (const { text } of lines) {
        const seq = seqAtStart(text) ?? first;
        const line = seq < first || seq > last ? undefined : parsePartLine(text);
        if (!line || line.seq < first || line.seq > last) continue;
        const before = bucket[line.seq - first];
        if (!before || part.epoch < before.epoch)
          bucket[line.seq - first] = { epoch: part.epoch, text, line };
      }
    }
  }
  return bucket;
}

/** A conductor that was believed dead may have gone on writing: what was appended since is read, too. */
async function refreshParts(
  state: StateStore,
  runFolder: string,
  known: readonly PartInfo[],
): Promise<{ parts: PartInfo[]; isSharedNow: boolean }> {
  const parts: PartInfo[] = [];
  let isSharedNow = false;
  const onShared = () => {
    isSharedNow = true;
  };
  for (const { name, epoch } of await listParts(state, runFolder)) {
    const part = known.find((candidate) => candidate.name === name) ?? newPart(name, epoch);
    parts.push(await scanPart(state, runFolder, { known: part, onLine: () => {}, onShared }));
  }
  return { parts, isSharedNow };
}

/** A line has been lost since it was counted. The next start must notice by itself, and process the photo again. */
async function incomplete(state: StateStore, runFolder: string, seq: number): Promise<FaultError> {
  await removeCheckpoints(state, runFolder);
  return new FaultError(
    'incomplete',
    `Photo ${seq} of ${state.locate(runFolder)} has no line; start the run again.`,
  );
}
