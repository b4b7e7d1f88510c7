import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { DeadLetterQueue, FinishedJob, PhotoJob, RunQueue } from '../queue/queue.ts';
import { isDeadLetter, type ReportLine } from '../records/report/report-line.ts';
import { readLatestLines } from '../records/report/report-part.ts';
import { type RunRecord, runFolderOf } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import type { Tracing } from '../util/span.ts';
import type { CanaryWatch } from './canary/canary-watch.ts';
import type { ConductOptions } from './conducting.ts';
import { createFailureWatch } from './failure-watch.ts';
import type { DeferredPhotos } from './in-flight-photos.ts';
import { createDeferredPhotos, createInFlightPhotos } from './in-flight-photos.ts';
import type { ManifestProgress } from './manifest-progress.ts';
import { buildFinishedLine, buildPhotoJob, jobToRepeat, traced } from './photo-job.ts';
import { removePicturesOf } from './remove-pictures.ts';
import { createSetUpWatch, type SetUpProblem } from './set-up-watch.ts';
import type { HeldRun } from './take-run.ts';
import { createTemplateWatch, type JudgedLines, type TemplateWatch } from './template-watch.ts';

const jobsPerCollection = 1000;

const usualReconcileEveryInMs = 30_000;
const idlePollInMs = 150;
/** One collection after the other would sync a line or two each. */
const pollInMs = 25;
const recordedEveryInMs = 1_000;

/** What lies between the manifest and the report: photos go into the queue, finished jobs come out as lines. */
export interface PhotoFlow {
  readonly deferred: DeferredPhotos;
  /** The run was changed. `window`: photos in flight, at most; absent: as before. */
  adapt(record: RunRecord, window: number | undefined): void;
  /** Queues photos once the window has room for them. */
  queuePhotos(jobs: readonly PhotoJob[]): Promise<void>;
  /** Writes and syncs lines; photos that have one already are left out. */
  settlePhotos(lines: readonly ReportLine[]): Promise<void>;
  /**
   * Takes finished jobs out of the queue: first their lines are written and synced, then the jobs are removed. A death
   * in between leaves jobs whose photos have a line; they are only removed.
   * @returns how many photos were taken out
   */
  collect(queue: RunQueue): Promise<number>;
  /** Writes the lines of photos whose job, which they share, goes on with others: one of them may take long. */
  collectRecorded(queue: RunQueue): Promise<void>;
  /**
   * Makes good what the queue has lost of the photos in flight, all or a part: jobs that nobody would run are put back, and
   * photos that have neither a line nor a job are queued again. Returns how many there were.
   */
  reconcile(): Promise<number>;
}

export function createPhotoFlow(
  run: HeldRun,
  options: {
    state: StateStore;
    showDeadLetters: DeadLetterQueue['add'];
    /** Photos in flight, at most. */
    window: number;
    /** At most. */
    photosPerJob: number;
    tracing?: Tracing | undefined;
    canary: Pick<CanaryWatch, 'isAhead'>;
    onTooManyFailures: (message: string) => void;
    /** The first photos nearly all fail for one reason of the set-up. */
    onSetUpProblem: (problem: SetUpProblem) => Promise<void>;
    /** The engine's answers cannot be right. */
    onImplausible: (alarm: string) => void;
  },
): PhotoFlow {
  const { record, lease, parts, queue } = run;
  const { signal } = run.stop;
  const { showDeadLetters, tracing } = options;
  const inFlight = createInFlightPhotos(options.window);
  const deferred = createDeferredPhotos();
  const failures = createFailureWatch(record.settings.stopAfterFailures);
  const setUp = createSetUpWatch({
    threshold: record.settings.stopAfterFailures,
    // A canary says how all of the list is, not how it begins.
    linesBefore: parts.covered.count - (record.canary?.done ?? 0),
  });
  const judgeLines = createLineJudge(run, options.state);

  /**
   * Queueing and taking out exclude each other. A job that an earlier conductor had queued may be done and taken out
   * while the feeder still has the same photo in hand: queued again then, it would be called a second time.
   */
  const inTurn = pLimit(1);

  /** Who slept through the end of its lease would queue photos that its successor has done. */
  async function queueNow(jobs: readonly PhotoJob[]): Promise<void> {
    await lease.fresh(signal);
    const open = jobs.filter(isOpen).map((job) => traced(job, tracing));
    inFlight.add(open);
    await queue.add(open, photosPerJobOf(open));
  }

  const isOpen = ({ data }: PhotoJob) => !parts.covered.has(data.seq);
  const photosPerJobOf = ({ length }: readonly PhotoJob[]) =>
    Math.min(options.photosPerJob, Math.ceil(length / fewestJobs));

  async function writeLines(lines: readonly ReportLine[]): Promise<void> {
    const judged = await judgeLines(lines);
    // Before the last photo may have its line: then the run would be finished.
    const wrong = options.canary.isAhead ? undefined : setUp.add(judged.lines);
    if (wrong) await options.onSetUpProblem(wrong);
    const fresh = await parts.add(judged.lines, judged.found);
    await removePicturesOf(options.state, fresh);
    const letters = fresh.filter(isDeadLetter).map((line) => ({ id: `${line.run}-${line.seq}`, line }));
    if (letters.length > 0) await showDeadLetters(letters);
    const released = deferred.release(fresh.map((line) => line.seq));
    // After the loops have stopped nothing is fed: the next conductor sees by the lines that these may go.
    if (released.length > 0 && !signal.aborted)
      await queueNow(released.map((placed) => buildPhotoJob(record.id, placed)));
    if (judged.alarm) options.onImplausible(judged.alarm);
    const tooMany = failures.add(fresh);
    if (tooMany) options.onTooManyFailures(tooMany);
  }

  return {
    deferred,
    adapt({ settings }, window) {
      failures.replace(settings.stopAfterFailures);
      if (window !== undefined) inFlight.setWindow(window);
    },
    async queuePhotos(jobs) {
      for (let next = 0; next < jobs.length; ) {
        const count = await inFlight.room(jobs.length - next, signal);
        const some = jobs.slice(next, next + count);
        await inTurn(() => queueNow(some));
        next += count;
      }
    },
    settlePhotos: (lines) => inTurn(() => writeLines(lines)),
    collect: (from) => inTurn(() => collectNow(from)),
    collectRecorded: (from) => inTurn(async () => writeOutcomes(await from.recorded())),
    reconcile: () => inTurn(reconcileNow),
  };

  async function collectNow(from: RunQueue): Promise<number> {
    const finished = await from.finished(jobsPerCollection);
    if (finished.length === 0) return 0;
    await writeOutcomes(finished);
    const left = repeatedBy(finished.filter(({ id, jobId }) => id !== jobId));
    if (left.length > 0) await from.add(left);
    await from.remove([...new Set(finished.map(({ jobId }) => jobId))]);
    // After a death in between they have neither a line nor a job, and are queued again like all such.
    const returned = repeatedBy(finished.filter(({ id, jobId }) => id === jobId));
    if (returned.length > 0) await from.add(returned);
    return finished.length;
  }

  function repeatedBy(finished: readonly FinishedJob[]): PhotoJob[] {
    return finished.map(jobToRepeat).filter((job): job is PhotoJob => job !== undefined && isOpen(job));
  }

  async function writeOutcomes(finished: readonly FinishedJob[]): Promise<void> {
    const lines = finished
      .filter((job) => jobToRepeat(job) === undefined)
      .map((job) => buildFinishedLine(record, job))
      .filter((line) => line !== undefined);
    await writeLines(lines);
    inFlight.settle(lines.map((line) => line.seq));
  }

  async function reconcileNow(): Promise<number> {
    await lease.fresh(signal);
    const jobs = [...inFlight.jobs()];
    const { restored, lost } = await queue.repair(jobs.map((job) => job.id));
    const gone = new Set(lost);
    const again = jobs.filter((job) => gone.has(job.id));
    await queue.add(again, photosPerJobOf(again));
    return restored + gone.size;
  }
}

/** What is queued together is cut into so many jobs at least, so that a few photos are shared by all who work. */
const fewestJobs = 16;

/**
 * Judges answers by those to other photos. While the engine answers with the ids that were sent, nothing is remembered;
 * at the first other one what was written last is read again, also what earlier conductors wrote.
 */
function createLineJudge({ record, parts }: HeldRun, state: StateStore) {
  let watch: TemplateWatch | undefined;
  async function openWatch(): Promise<TemplateWatch> {
    const opened = createTemplateWatch();
    const latest = readLatestLines(state, runFolderOf(record.id), rememberedInBytes);
    for await (const { epoch, lines } of latest) opened.remember(lines, epoch === record.epoch);
    return opened;
  }
  return async (lines: readonly ReportLine[]): Promise<JudgedLines> => {
    const open = lines.filter(({ seq }) => !parts.covered.has(seq));
    if (!watch && !open.some(({ templateIds }) => templateIds)) return { lines: open, found: [] };
    watch ??= await openWatch();
    return watch.judge(open);
  };
}

/** The latest 10,000 lines, as a rule. */
const rememberedInBytes = 20 * 1024 * 1024;

/** Collects what is done until every photo has its line, and now and then queues again what the queue has lost. */
export async function collectPhotos(
  { record, lease, stop, parts, queue }: HeldRun,
  {
    state,
    manifest,
    flow,
    log,
    reconcileEveryInMs = usualReconcileEveryInMs,
  }: Pick<ConductOptions, 'state' | 'log' | 'reconcileEveryInMs'> & {
    manifest: ManifestProgress;
    flow: PhotoFlow;
  },
): Promise<void> {
  const { signal } = stop;
  let reconciledAt = performance.now();
  let recordedAt = performance.now();
  while (!signal.aborted) {
    const { listed, count } = manifest.end;
    // A list that stays open may wait for a day: nothing is in the queue then.
    const isIdle = !listed && parts.covered.count >= count;
    if (isIdle) {
      await delay(idlePollInMs, undefined, { signal });
      continue;
    }
    const collected = lease.isFresh() ? await flow.collect(queue) : 0;
    if (performance.now() - recordedAt > recordedEveryInMs && lease.isFresh()) {
      await flow.collectRecorded(queue);
      recordedAt = performance.now();
    }
    if (listed && parts.covered.count >= listed.count) return stop.end({ kind: 'complete' });
    if (performance.now() - reconciledAt > reconcileEveryInMs) {
      const photos = await flow.reconcile();
      if (photos > 0)
        log.warn(
          { run: record.id, photos },
          'the queue had lost jobs, or what makes them run: they were added again',
        );
      reconciledAt = performance.now();
    }
    if (collected === 0) await delay(idlePollInMs, undefined, { signal });
    else if (collected < jobsPerCollection)
      await delay(Math.max(pollInMs, state.writeEveryInMs), undefined, { signal });
  }
}
