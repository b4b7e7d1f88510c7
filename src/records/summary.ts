import { z } from 'zod';
import { createRepeatTally } from '../util/repeat-tally.ts';
import { subjectKey } from '../util/subject-id.ts';
import type { ListedInfo } from './manifest.ts';
import { moneyOf, moneySchema } from './money.ts';
import { callStatisticsSchema } from './report/call-statistics.ts';
import { countDeadLetters, type ReportLine } from './report/report-line.ts';
import { addToTally, emptyTally, type Tally } from './report/report-tally.ts';

/** The content of `summary.json`: its presence says that `report.jsonl` is complete. */
export const summarySchema = z.object({
  schema: z.literal('rollcall.summary/1'),
  run: z.string(),
  state: z.enum(['finished', 'cancelled']),
  source: z.string(),
  engine: z.string(),
  total: z.number(),
  /** Files of the source that are no photos or were excluded; they have no line here, but in `left-out.jsonl`. */
  leftOut: z.number().optional(),
  /** The same by suffix (`.txt`), folder (`#recycle/`) or filter. */
  leftOutBy: z.record(z.string(), z.number()).optional(),
  /** ISO time at which the list had ended. */
  listedAt: z.string().optional(),
  /** Parts of the source that could not be read, such as folders: its list is not whole. Each has its line. */
  gaps: z.number().optional(),
  byStatus: z.record(z.string(), z.number()),
  byCode: z.record(z.string(), z.number()),
  /** Skipped photos by reason. */
  byReason: z.record(z.string(), z.number()).default({}),
  /** Photos by warning; `util/warning.ts` says what each means. */
  warnings: z.record(z.string(), z.number()).default({}),
  /** Of `--forget-list`: its ids, and those that are in neither source nor ledger. */
  forgetList: z.object({ subjects: z.number(), unknown: z.number() }).optional(),
  /** A subject id that stands for many photos of which one is enrolled: how many at least, and one of them. */
  mostRepeated: z.object({ photos: z.number(), seq: z.number() }).optional(),
  /** Photos whose person may be missing at the engine: all but enrolled, `unchanged`, `repeated` and `forgotten`. */
  notEnrolled: z.number(),
  /** Lines that `--report changed` left out of the report: unchanged photos. */
  leftOutOfReport: z.number().optional(),
  /** Subjects that were enrolled from this source and are no longer in it: the lines of `missing.jsonl`. */
  missing: z.number().optional(),
  firstAt: z.string().optional(),
  lastAt: z.string().optional(),
  calls: z.number(),
  /** Those of the calls that identified; absent where there were none. */
  identifications: z.number().optional(),
  retries: z.number(),
  /** Calls that were not made because the preflight foresaw a rejection; absent where there were none. */
  savedCalls: z.number().optional(),
  /** Photos that cost no call: unchanged, rejected before, or foreseen by the preflight. */
  saved: z.number().optional(),
  /** From which a later run's cost is forecast. */
  callStatistics: callStatisticsSchema.optional(),
  /** Of a run whose calls have a price (`--price`). */
  money: moneySchema.optional(),
  /** Of the enrolled photos that were identified afterwards (`--verify`). */
  verification: z
    .object({
      photos: z.number(),
      matched: z.number(),
      /** `matched` of `photos`, 0 to 1. */
      share: z.number(),
      /** Of those that matched. */
      lowestSimilarity: z.number().optional(),
    })
    .optional(),
  /** Calls a second from the first start to the last outcome; pauses count. */
  achievedRate: z.number().optional(),
  /** Hex SHA-256 of `report.jsonl`. */
  reportSha256: z.string(),
});
export type Summary = z.infer<typeof summarySchema>;

/** Collects what the summary says while the report is merged. */
export function createSummaryBuilder(): { add(line: ReportLine): void; build(run: SummaryInput): Summary } {
  const tally: Tally = emptyTally();
  const byReason: Record<string, number> = {};
  const warnings: Record<string, number> = {};
  const verified = createVerificationTally();
  const repeats = createRepeatTally();
  let savedCalls = 0;
  let firstAt = Number.POSITIVE_INFINITY;
  let lastAt = Number.NEGATIVE_INFINITY;
  return {
    add(line) {
      addToTally(tally, line);
      verified.add(line);
      if (line.error?.kind === 'preflight') savedCalls += 1;
      if (line.reason !== undefined) byReason[line.reason] = (byReason[line.reason] ?? 0) + 1;
      if (line.reason === 'repeated') repeats.add(subjectKey(line.subjectId ?? ''), line.seq);
      for (const warning of new Set(line.warnings)) warnings[warning] = (warnings[warning] ?? 0) + 1;
      const finished = Date.parse(line.finishedAt);
      if (line.durationInMs !== undefined) firstAt = Math.min(firstAt, finished - line.durationInMs);
      lastAt = Math.max(lastAt, finished);
    },
    build(run) {
      const seconds = (lastAt - firstAt) / 1000;
      const { unchanged = 0, repeated = 0, forgotten = 0 } = byReason;
      const { leftOutOfReport, missing } = run;
      return {
        schema: 'rollcall.summary/1',
        run: run.run,
        state: run.state,
        source: run.source,
        engine: run.engine,
        total: tally.total,
        ...ofList(run.listed),
        byStatus: tally.byStatus,
        byCode: tally.byCode,
        byReason,
        warnings: {
          ...warnings,
          ...(run.isSourceChanged && { 'source-changed': 1 }),
          ...(run.isOverdue && { 'inventory-overdue': 1 }),
        },
        ...(run.forgetList && { forgetList: run.forgetList }),
        ...mostRepeated(repeats),
        notEnrolled: tally.total - tally.byStatus.enrolled - unchanged - repeated - forgotten,
        ...(leftOutOfReport !== undefined && { leftOutOfReport }),
        ...(missing !== undefined && { missing }),
        ...(Number.isFinite(firstAt) && { firstAt: new Date(firstAt).toISOString() }),
        ...(Number.isFinite(lastAt) && { lastAt: new Date(lastAt).toISOString() }),
        calls: tally.calls,
        ...(tally.identifications > 0 && { identifications: tally.identifications }),
        retries: tally.retries,
        ...(savedCalls > 0 && { savedCalls }),
        ...(tally.saved > 0 && { saved: tally.saved }),
        callStatistics: tally.callStatistics,
        ...moneySpent(run, tally),
        ...verified.build(),
        ...(seconds > 0 &&
          Number.isFinite(seconds) && { achievedRate: Number((tally.calls / seconds).toFixed(2)) }),
        reportSha256: run.reportSha256,
      };
    },
  };
}

/** Without the id itself: a summary travels further than a report. */
function mostRepeated(repeats: ReturnType<typeof createRepeatTally>) {
  const { photos, seq } = repeats.most() ?? {};
  return photos === undefined || seq === undefined ? {} : { mostRepeated: { photos, seq } };
}

/** What the report's lines do not say. */
export type SummaryInput = Pick<
  Summary,
  'run' | 'state' | 'source' | 'engine' | 'leftOutOfReport' | 'missing' | 'forgetList' | 'reportSha256'
> & {
  readonly listed?: Partial<ListedInfo>;
  /** Whether the file or object that was listed has changed since. */
  readonly isSourceChanged?: boolean;
  /** Whether what was listed is older than the newest delivery of its inventory should be. */
  readonly isOverdue?: boolean;
  readonly settings?: Parameters<typeof moneyOf>[0]['settings'];
  /** What its processes have claimed of its money. */
  readonly claimed?: string | undefined;
};

function moneySpent({ settings, claimed }: SummaryInput, tally: Tally) {
  if (!settings) return {};
  const counts = { ...tally, listed: tally.total, done: tally.total, claimed };
  const money = moneyOf({ settings, counts, isListed: true });
  return money && { money };
}

function ofList({ leftOut, leftOutBy, at, gaps }: Partial<ListedInfo> = {}) {
  return {
    ...(leftOut !== undefined && { leftOut }),
    ...(leftOutBy !== undefined && { leftOutBy }),
    ...(at !== undefined && { listedAt: at }),
    ...(gaps !== undefined && { gaps }),
  };
}

const outdating = ['source-changed', 'inventory-overdue'] as const;

/** The warnings that say that what its source has now is not what the run was about: no photo's, and exit code 1. */
export const outdatingWarnings = ({ warnings }: Pick<Summary, 'warnings'>) =>
  outdating.filter((warning) => warning in warnings);

/** 0 nothing needs attention, 1 dead letters or a list that is out of date, 2 no photo found (unless that is allowed), 3 cancelled. */
export function exitCodeOf(summary: Summary, { allowEmpty }: { allowEmpty: boolean }): number {
  if (summary.state === 'cancelled') return 3;
  if (summary.total === 0 && !allowEmpty) return 2;
  return countDeadLetters(summary.byStatus) > 0 || outdatingWarnings(summary).length > 0 ? 1 : 0;
}

/** Counts the enrolled photos that were identified afterwards. `build` gives nothing where there were none. */
function createVerificationTally() {
  let photos = 0;
  let matched = 0;
  let lowestSimilarity = Number.POSITIVE_INFINITY;
  return {
    add({ verification }: Pick<ReportLine, 'verification'>): void {
      if (!verification) return;
      photos += 1;
      if (!verification.matched) return;
      matched += 1;
      lowestSimilarity = Math.min(lowestSimilarity, verification.similarity ?? lowestSimilarity);
    },
    build() {
      if (photos === 0) return {};
      const rounded = Number((matched / photos).toFixed(4));
      // Never 1 where one is missing.
      const share = matched < photos ? Math.min(rounded, 0.9999) : 1;
      const isKnown = Number.isFinite(lowestSimilarity);
      return { verification: { photos, matched, share, ...(isKnown && { lowestSimilarity }) } };
    },
  };
}
