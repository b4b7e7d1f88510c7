import type { ReportLine } from '../../records/report/report-line.ts';
import { parsePartLine } from '../../records/report/report-part.ts';
import {
  type Aggregates,
  createAggregatesFold,
  readAggregates,
} from '../../records/report/run-aggregates.ts';
import { createSeqBitmap } from '../../records/report/seq-bitmap.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { factsOf } from './line-facts.ts';
import { isComplete, type LineFiles, partFiles, reportFile } from './line-files.ts';
import { createLineIndex, type IndexFilter } from './line-index.ts';
import { createLineFilter } from './line-text.ts';
import { readPlaces } from './read-places.ts';

export interface Looked {
  readonly lines: readonly ReportLine[];
  /** The seq up to which lines were looked at. */
  readonly upTo: number;
  readonly isAtEnd: boolean;
  /** Lines up to `upTo`, and in all as far as is known. */
  readonly looked: number;
  readonly total: number;
}

/** What was read of a run's lines so far. Its questions are asked one after the other. */
export interface RunView {
  /** Of a run that is over, whose report does not change any more. */
  readonly isReport: boolean;
  look(question: {
    readonly filter: IndexFilter & { readonly text?: string | undefined };
    readonly after: number;
    readonly limit: number;
    readonly isLate: () => boolean;
  }): Promise<Looked>;
  line(seq: number): Promise<ReportLine | undefined>;
  aggregates(isLate: () => boolean): Promise<Aggregates>;
}

/** Lines that are read together. */
const windowInLines = 1_000;
const windowInBytes = 4 * 1024 * 1024;

export async function openRunView(
  state: StateStore,
  { id: run, runFolder }: { id: string; runFolder: string },
): Promise<RunView> {
  const isReport = await isComplete(state, runFolder);
  const open = isReport ? reportFile : partFiles;
  const files = open(state, runFolder);
  const index = createLineIndex();
  let isIndexed = false;

  async function indexOn(isEnough: () => boolean): Promise<void> {
    isIndexed = await files.readOn(({ text, offset, sizeInBytes }, { number, epoch }) => {
      const facts = factsOf(text);
      if (facts) index.add(facts, { file: number, offset, sizeInBytes }, epoch);
    }, isEnough);
  }

  /** In the order of seqs nothing comes any more up to it. */
  const indexedTo = () => (isIndexed ? Number.POSITIVE_INFINITY : isReport ? index.largestSeq : 0);

  const textsOf = (seqs: readonly number[]) =>
    readPlaces(
      state,
      files.pathOf,
      seqs.flatMap((seq) => index.placeOf(seq) ?? []),
    );

  /** So many of them that their lines are read together. */
  function inWindow(seqs: readonly number[]): readonly number[] {
    let sizeInBytes = 0;
    const end = seqs.findIndex((seq) => {
      sizeInBytes += index.placeOf(seq)?.sizeInBytes ?? 0;
      return sizeInBytes > windowInBytes;
    });
    return end < 0 ? seqs : seqs.slice(0, Math.max(1, end));
  }

  const look: RunView['look'] = async ({ filter, after, limit, isLate }) => {
    const lineIfWanted = createLineFilter(filter);
    const lines: ReportLine[] = [];
    let upTo = after;
    const isAtEnd = () => isIndexed && upTo >= index.largestSeq;
    if (!isReport) await indexOn(isLate);
    do {
      const enough = upTo + windowInLines;
      if (isReport && indexedTo() < enough) await indexOn(() => index.largestSeq >= enough || isLate());
      // A text is found in a few of many lines; all else the index has.
      const most = filter.text ? windowInLines : Math.min(windowInLines, limit - lines.length);
      const range = { after: upTo, upTo: Math.min(indexedTo(), index.largestSeq), most };
      const found = index.find(filter, range);
      const seqs = inWindow(found);
      const isWhole = found.length < most && seqs.length === found.length;
      upTo = isWhole ? Math.max(upTo, range.upTo) : (seqs.at(-1) ?? upTo);
      for (const [at, text] of (await textsOf(seqs)).entries()) {
        const line = lineIfWanted(text);
        if (line) lines.push(line);
        if (lines.length < limit) continue;
        upTo = seqs[at] ?? upTo;
        break;
      }
    } while (lines.length < limit && !isAtEnd() && !isLate());
    return {
      ...{ lines, upTo, isAtEnd: isAtEnd() },
      looked: index.countUpTo(upTo),
      total: index.count,
    };
  };

  async function line(seq: number): Promise<ReportLine | undefined> {
    await indexOn(() => index.placeOf(seq) !== undefined && isReport);
    const [text] = await textsOf([seq]);
    return text === undefined ? undefined : parsePartLine(text);
  }

  return {
    isReport,
    look,
    line,
    aggregates: createAggregatesReader({ state, runFolder, run, files: open(state, runFolder) }),
  };
}

/** From the file of the run's end, else from the lines, in as many calls as it takes. */
function createAggregatesReader(options: {
  state: StateStore;
  runFolder: string;
  run: string;
  files: LineFiles;
}): RunView['aggregates'] {
  const { state, runFolder, run, files } = options;
  const fold = createAggregatesFold();
  const seen = createSeqBitmap();
  let written: Aggregates | undefined;
  return async (isLate) => {
    if (files.isReport) written ??= await readAggregates(state, runFolder);
    if (written) return written;
    await files.readOn(({ text }) => {
      const line = parsePartLine(text);
      if (line && seen.add(line.seq)) fold.add(line);
    }, isLate);
    return fold.build(run);
  };
}
