import type { PhotoJob } from '../queue/queue.ts';
import type { PlacedLine } from '../records/manifest.ts';
import type { ReportLine } from '../records/report-line.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { FaultError } from '../util/errors.ts';
import { createDecider, type DecideOptions, type Decision } from './decide.ts';
import type { ForgottenPhotos } from './forgotten-photos.ts';
import type { DeferredPhotos } from './in-flight-photos.ts';
import { applyLedger, type LedgerLookup } from './ledger-lookup.ts';
import { followManifest, type ManifestProgress } from './manifest-progress.ts';
import { buildPhotoJob, buildSettledLine, type RunIdentity } from './photo-job.ts';
import { type Sample, samplePhotos } from './sample-photos.ts';

const jobsPerAdd = 500;

export interface FeedOptions extends DecideOptions {
  readonly state: StateStore;
  readonly facts: RunIdentity;
  readonly progress: ManifestProgress;
  readonly signal: AbortSignal;
  readonly hasLine: (seq: number) => boolean;
  /** Queues photos once the window has room for them. */
  readonly queuePhotos: (jobs: readonly PhotoJob[]) => Promise<void>;
  /** Writes the lines of photos that need no job. */
  readonly settlePhotos: (lines: readonly ReportLine[]) => Promise<void>;
  readonly deferred: DeferredPhotos;
  /** Who is not to be enrolled. */
  readonly forgotten: ForgottenPhotos;
  /** Of an incremental run: what the ledger says of a photo. */
  readonly openLedgerLookup?: (() => Promise<LedgerLookup>) | undefined;
  /** Which photos are looked for after they were enrolled. */
  readonly verify?: Sample | undefined;
}

/**
 * Walks the manifest from its beginning and queues every photo that has no line. What an earlier conductor had queued
 * is queued again under the same id, which adds nothing while the job is there.
 */
export async function feedManifest(options: FeedOptions): Promise<void> {
  const { facts, progress, signal, hasLine, queuePhotos, settlePhotos, deferred, forgotten } = options;
  const decider = createDecider(options);
  const follow = () => followManifest({ state: options.state, runId: facts.run, progress, signal });
  if (decider.foresees) {
    for await (const batch of follow()) for (const { line } of batch) decider.foresee(line);
  }
  const ledgerLookup = await options.openLedgerLookup?.();
  const isSampled =
    options.verify &&
    (await samplePhotos(facts.run, options.verify, () => seqsToCall({ ...options, follow, ledgerLookup })));
  let jobs: PhotoJob[] = [];
  let settled: ReportLine[] = [];
  const flush = async () => {
    const [photos, lines] = [jobs, settled];
    [jobs, settled] = [[], []];
    if (lines.length > 0) await settlePhotos(lines);
    if (photos.length > 0) await queuePhotos(photos);
  };
  const take = (placed: PlacedLine, decision: Decision) => {
    if (decision.kind === 'settle') {
      settled.push(
        buildSettledLine(facts, placed, { ...decision.outcome, finishedAt: new Date().toISOString() }),
      );
    } else if (decision.kind === 'feed-after' && !hasLine(decision.seq)) {
      deferred.hold(decision.seq, placed);
    } else {
      jobs.push(buildPhotoJob(facts.run, placed));
    }
  };
  let count = 0;
  for await (const batch of follow()) {
    await forgotten.lookAgain();
    for (const placed of batch) {
      count += 1;
      if (placed.line.seq !== count) throw changed(facts, `line ${count} has the number ${placed.line.seq}`);
      const decision = decider.decide(placed.line);
      if (hasLine(placed.line.seq)) continue;
      const outcome = forgotten.outcomeOf(placed.line);
      if (outcome) take(placed, { kind: 'settle', outcome });
      else {
        const { photo, verdict } = applyLedger(placed, decision, ledgerLookup);
        take(isSampled?.(placed.line.seq) ? { ...photo, verify: true } : photo, verdict);
      }
      if (jobs.length >= jobsPerAdd) await flush();
    }
    await flush();
    await deferred.room(signal);
  }
  const listed = progress.end.listed?.count;
  if (count !== listed) {
    throw changed(facts, `it has ${count} lines, but ${listed} photos were listed`);
  }
}

/** The photos that will be fed, all of them: known once the list has ended. */
async function* seqsToCall({
  follow,
  ledgerLookup,
  forgotten,
  ...options
}: DecideOptions &
  Pick<FeedOptions, 'forgotten'> & {
    follow: () => AsyncIterable<PlacedLine[]>;
    ledgerLookup: LedgerLookup | undefined;
  }): AsyncGenerator<number> {
  const decider = createDecider(options);
  if (decider.foresees) {
    for await (const batch of follow()) for (const { line } of batch) decider.foresee(line);
  }
  for await (const batch of follow()) {
    await forgotten.lookAgain();
    for (const placed of batch) {
      const { verdict } = applyLedger(placed, decider.decide(placed.line), ledgerLookup);
      if (verdict.kind !== 'settle' && !forgotten.outcomeOf(placed.line)) yield placed.line.seq;
    }
  }
}

const changed = ({ run }: RunIdentity, why: string) =>
  new FaultError('state', `The manifest of run ${run} was changed or damaged: ${why}.`);
