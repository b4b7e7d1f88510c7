import type { PhotoJob } from '../queue/queue.ts';
import type { PlacedLine } from '../records/manifest.ts';
import type { ReportLine } from '../records/report/report-line.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { FaultError } from '../util/errors.ts';
import { plural } from '../util/plural.ts';
import type { CanaryWatch } from './canary/canary-watch.ts';
import { passCanary } from './canary/pass-canary.ts';
import { type Decision, templateIdsOf } from './decide.ts';
import { decidePhotos } from './decide-photos.ts';
import { openForgottenPhotos } from './forgotten-photos.ts';
import { type LedgerLookup, openKeptTemplates, openLedgerLookup } from './ledger-lookup.ts';
import { followManifest, type ManifestProgress } from './manifest-progress.ts';
import type { PhotoFlow } from './photo-flow.ts';
import { buildPhotoJob, buildSettledLine } from './photo-job.ts';
import type { RunKeeper } from './run-keeper.ts';
import { type IsSampled, samplePhotos } from './sample-photos.ts';
import type { HeldRun } from './take-run.ts';

const jobsPerAdd = 500;
const settledPerFlush = 1000;
/** At first: a run that is set up wrong is to stop early. */
const settledAtFirst = 100;

type Feeding = {
  state: StateStore;
  manifest: ManifestProgress;
  flow: PhotoFlow;
  canary: CanaryWatch;
  keeper: RunKeeper;
};

/** Queues every photo that has no line: those of a canary first, all others once that is accepted. */
export async function feedManifest(run: HeldRun, options: Feeding): Promise<void> {
  const decide = createDecisions(run, options);
  const isSampled = await chooseSample(run.record, decide);
  const feed = (seqs?: ReadonlySet<number>) => feedPhotos(run, { ...options, decide, isSampled, seqs });
  await passCanary(run, { ...options, decide, feed });
  await feed();
}

/**
 * Walks the manifest from its beginning and queues every photo that has no line. What an earlier conductor had queued
 * is queued again under the same id, which adds nothing while the job is there.
 */
async function feedPhotos(
  run: HeldRun,
  options: Pick<Feeding, 'manifest' | 'flow'> & {
    decide: Decide;
    isSampled: IsSampled;
    /** These alone, for none of which an earlier one of its subject needs a call. */
    seqs: ReadonlySet<number> | undefined;
  },
): Promise<void> {
  const { record, parts, stop } = run;
  const { manifest, flow, decide, isSampled, seqs } = options;
  const hasLine = parts.covered.has;
  const last = seqs && Math.max(...seqs);
  let jobs: PhotoJob[] = [];
  let settled: ReportLine[] = [];
  let written: Promise<void> = Promise.resolve();
  const write = async (lines: readonly ReportLine[], photos: readonly PhotoJob[]) => {
    if (lines.length > 0) await flow.settlePhotos(lines);
    if (photos.length > 0) await flow.queuePhotos(photos);
  };
  /** While one batch is written the next is decided. */
  const flush = async () => {
    await written;
    written = write(settled, jobs);
    written.catch(() => {}); // thrown where it is awaited: before anything else is waited for, and at the end
    [jobs, settled] = [[], []];
  };
  const timeNow = createTimeNow();
  const take = (line: PlacedLine, decision: Decision) => {
    if (decision.kind === 'settle') {
      const outcome = { finishedAt: timeNow(), ...decision.outcome };
      settled.push(buildSettledLine(record, line, outcome));
      return;
    }
    const { known, otherFolder } = decision;
    const photo = {
      ...line,
      ...(known && { known }),
      ...(otherFolder && { otherFolder }),
      ...(isSampled(line.line.seq) && { verify: true }),
    };
    if (decision.kind === 'feed-after' && !seqs && !hasLine(decision.seq))
      flow.deferred.defer(decision.seq, photo);
    else jobs.push(buildPhotoJob(record.id, photo));
  };
  let count = 0;
  let end = 0;
  try {
    for await (const batch of decide(hasLine)) {
      for (const { photo, decision } of batch) {
        count += 1;
        end = photo.offset + photo.sizeInBytes;
        const { seq } = photo.line;
        if (seq !== count) throw changed(record, `line ${count} has the number ${seq}`);
        if (decision.kind !== 'skip' && seqs?.has(seq) !== false) take(photo, decision);
        if (jobs.length >= jobsPerAdd) await flush();
      }
      if (last !== undefined && count >= last) break;
      const mustWait = end >= manifest.end.sizeInBytes || flow.deferred.isFull;
      if (mustWait || settled.length >= (count <= settledPerFlush ? settledAtFirst : settledPerFlush))
        await flush();
      if (mustWait) await written;
      await flow.deferred.room(stop.signal);
    }
    await flush();
  } finally {
    await written;
  }
  if (seqs) return;
  const listed = manifest.end.listed?.count;
  if (count !== listed) {
    throw changed(record, `it has ${plural(count, 'line')}, not ${listed} as listed`);
  }
}

/** ISO time; many photos are settled in the same millisecond. */
function createTimeNow(): () => string {
  let now = 0;
  let text = '';
  return () => {
    const before = now;
    now = Date.now();
    if (now !== before) text = new Date(now).toISOString();
    return text;
  };
}

type Decide = (hasLine?: (seq: number) => boolean) => ReturnType<typeof decidePhotos<PlacedLine>>;

/** The decisions over the run's manifest from its beginning, as often as they are asked for. */
function createDecisions({ record, stop: { signal } }: HeldRun, { state, manifest }: Feeding): Decide {
  const { id: runId, account, engine, settings } = record;
  const forgotten = openForgottenPhotos({ state, engine, account, runId });
  let lookup: Promise<LedgerLookup> | undefined;
  const openLookupOnce = () => {
    const listed = () => manifest.end.count;
    lookup ??= openLedgerLookup({ state, account, engine, settings, listed, signal });
    return lookup;
  };
  let kept: ReturnType<typeof openKeptTemplates> | undefined;
  const openKeptOnce = () => {
    kept ??= openKeptTemplates({ state, account, engine, signal });
    return kept;
  };
  return (hasLine) =>
    decidePhotos({
      sameSubject: settings.sameSubject,
      repeat: settings.repeat,
      templateIdFor: templateIdsOf(engine, settings),
      derivesLate: true,
      list: () => followManifest({ state, runId, progress: manifest, signal }),
      forgotten,
      openLedgerLookup: openLookupOnce,
      openKeptTemplates: openKeptOnce,
      ...(hasLine && { hasLine }),
    });
}

/** Which photos are looked for after they were enrolled (`--verify`). */
async function chooseSample({ id, settings }: RunRecord, decide: Decide): Promise<IsSampled> {
  if (!settings.verify) return () => false;
  async function* seqsToCall(): AsyncGenerator<number> {
    for await (const batch of decide())
      for (const { photo, decision } of batch) if (decision.kind !== 'settle') yield photo.line.seq;
  }
  return samplePhotos(id, settings.verify, seqsToCall);
}

const changed = ({ id }: RunRecord, why: string) =>
  new FaultError('state', `The manifest of run ${id} was changed or damaged: ${why}.`);
