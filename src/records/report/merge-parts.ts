import { createHash } from 'node:crypto';
import type { StateStore, StateWriter } from '../../storage/state/state-store.ts';
import { FaultError } from '../../util/errors.ts';
import { createTurns } from '../../util/turns.ts';
import { locateLines, type PartRanges, seqOf } from './part-ranges.ts';
import { removeCheckpoints } from './report-checkpoint.ts';
import { isDeadLetter, type ReportLine, reportLineSchema } from './report-line.ts';
import { parsePartLine } from './report-part.ts';
import { createSharedTemplates } from './shared-template.ts';

/** About half a kB each. */
const usualLinesPerBucket = 10_000;

/**
 * Merges the parts by seq into `report.jsonl` and `dead-letters.jsonl`; the lowest epoch wins. A conductor that was
 * believed dead may have gone on writing: what is there now counts. The parts are read twice, first to see where the lines
 * of each bucket of seqs lie, then bucket by bucket; each line is parsed once. Nothing is moved or removed: a merge that
 * was killed is done again.
 * @returns the SHA-256 of the report
 */
export async function mergeParts(options: {
  state: StateStore;
  runFolder: string;
  count: number;
  /** Called with every line, also those that are left out. */
  onLine: (line: ReportLine) => void;
  /** Awaited after each bucket, so that what `onLine` collects stays bounded. */
  afterBucket?: () => Promise<void>;
  /** Lines that the report leaves out. */
  isLeftOut?: (line: ReportLine) => boolean;
  /** Held in memory at once. Default: 10,000. */
  linesPerBucket?: number;
}): Promise<string> {
  const { state, runFolder, count, onLine, afterBucket, isLeftOut } = options;
  const { linesPerBucket = usualLinesPerBucket } = options;
  const shared = createSharedTemplates();
  const parts = await locateLines(state, runFolder, { linesPerBucket, onShared: shared.add });
  const report = createTextWriter(await state.openWriter(`${runFolder}/report.jsonl`));
  const deadLetters = createTextWriter(await state.openWriter(`${runFolder}/dead-letters.jsonl`));
  const turns = createTurns();
  try {
    for (let first = 1; first <= count; first += linesPerBucket) {
      const last = Math.min(count, first + linesPerBucket - 1);
      const bucket = await readBucket({ state, parts, number: (first - 1) / linesPerBucket, first, last });
      for (let seq = first; seq <= last; seq += 1) {
        const found = firstWhole(bucket[seq - first], seq);
        if (!found) throw await incomplete(state, runFolder, seq);
        const line = shared.judge(found.line);
        const text = line === found.line ? found.text : JSON.stringify(reportLineSchema.parse(line));
        if (!isLeftOut?.(line)) report.add(`${text}\n`);
        if (isDeadLetter(line)) deadLetters.add(`${text}\n`);
        onLine(line);
        if (report.isFull) await report.flush();
        if (turns.isOver) await turns.next();
      }
      await deadLetters.flush();
      await afterBucket?.();
    }
    await report.flush();
    await deadLetters.commit();
    await report.commit();
    return report.sha256();
  } finally {
    await report.discard();
    await deadLetters.discard();
  }
}

/** The lines of a bucket by their place in it, those of the lowest epoch first; a line may be damaged. */
async function readBucket(options: {
  state: StateStore;
  parts: readonly PartRanges[];
  number: number;
  first: number;
  last: number;
}): Promise<(string[] | undefined)[]> {
  const { state, parts, number, first, last } = options;
  const bucket: (string[] | undefined)[] = [];
  for (const { path, ranges } of parts) {
    const range = ranges.get(number);
    if (!range) continue;
    for await (const lines of state.readLines(path, range)) {
      for (const { text } of lines) {
        const seq = seqOf(text);
        if (seq === undefined || seq < first || seq > last) continue;
        const before = bucket[seq - first];
        if (before) before.push(text);
        else bucket[seq - first] = [text];
      }
    }
  }
  return bucket;
}

function firstWhole(
  texts: readonly string[] = [],
  seq: number,
): { readonly text: string; readonly line: ReportLine } | undefined {
  for (const text of texts) {
    const line = parsePartLine(text);
    if (line?.seq === seq) return { text, line };
  }
  return undefined;
}

const fullInCharacters = 256 * 1024;

/** Gathers lines, and hashes and writes them together. */
function createTextWriter(writer: StateWriter) {
  const hash = createHash('sha256');
  let text = '';
  return {
    add(line: string): void {
      text += line;
    },
    get isFull() {
      return text.length >= fullInCharacters;
    },
    async flush(): Promise<void> {
      if (text === '') return;
      hash.update(text);
      const batch = text;
      text = '';
      await writer.write(batch);
    },
    sha256: () => hash.digest('hex'),
    commit: writer.commit,
    discard: writer.discard,
  };
}

/** A line has been lost since it was counted. The next start must notice by itself, and process the photo again. */
async function incomplete(state: StateStore, runFolder: string, seq: number): Promise<FaultError> {
  await removeCheckpoints(state, runFolder);
  return new FaultError(
    'incomplete',
    `Photo ${seq} of ${state.locate(runFolder)} has no line; start the run again.`,
  );
}
