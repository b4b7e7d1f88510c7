import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import { createAccountLock } from '../account/account-lock.ts';
import { createPurse } from '../account/purse.ts';
import type { RateLimiter } from '../account/rate-limiter.ts';
import { createUndoWatch } from '../account/undo-hold.ts';
import type { Engine } from '../engines/engine.ts';
import { type Enrollment, watchForgotten } from '../ledger/forgotten-watch.ts';
import { createByteBudget } from '../photos/byte-budget.ts';
import { photosBudgetInBytes, type ReadPhoto } from '../photos/read-within-budget.ts';
import type { PhotoWorker, QueueBackend } from '../queue/queue.ts';
import { manifestPath, parseManifestLine } from '../records/manifest.ts';
import type { PhotoJobData } from '../records/photo-job-data.ts';
import { moneyFolderOf } from '../records/purse.ts';
import { readControl, writeControl } from '../records/run-control.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { CallKind } from '../settings/price.ts';
import type { S3Connection } from '../storage/s3/s3-connection.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { FaultError } from '../util/errors.ts';
import type { SpanAttributes, Tracing } from '../util/span.ts';
import { withoutFullStop } from '../util/without-full-stop.ts';
import { type PhotoResult, workAgain } from './photo-task.ts';
import type { Preflight } from './preflight/preflight.ts';
import { readUpload } from './read-upload.ts';
import { createSourceWatch } from './source-watch.ts';
import { workPhoto } from './work-photo.ts';
import type { WorkWatch } from './work-watch.ts';

export interface RunWorkerOptions {
  readonly state: StateStore;
  readonly backend: QueueBackend;
  readonly record: RunRecord;
  readonly engine: Engine;
  /** The account that is called, however the run spells its address. */
  readonly calledAccount: string;
  readonly limiter: RateLimiter;
  readonly readPhoto: ReadPhoto;
  readonly s3: S3Connection;
  readonly preflight?: Preflight | undefined;
  readonly concurrency: number;
  /** How long a source that cannot be read at all is waited for. */
  readonly sourceWaitInMs: number;
  /** Time for one call; where the run pauses or ends, a drain waits a little longer than that. */
  readonly timeoutInMs: number;
  /** Aborted when this process has to leave: calls in flight are aborted, their photos go back to the queue. */
  readonly hurry: AbortSignal;
  readonly processName: string;
  readonly log: Logger;
  readonly watch?: WorkWatch | undefined;
  readonly tracing?: Tracing | undefined;
}

const pauseAfterFaultInMs = 1_000;

/** This process's part in the work of a run. Started once, stopped once; both may be called again without effect. */
export interface RunWorker {
  start(): void;
  /** From now on so many photos at once. */
  setConcurrency(photos: number): void;
  /** What the run's calls may cost from now on. */
  setBudget(budget: string | undefined): void;
  /** Starts nothing new, gives back the photos that wait, lets calls in flight end. */
  stop(): Promise<void>;
}

export function createRunWorker(options: RunWorkerOptions): RunWorker {
  const { state, backend, record, calledAccount, timeoutInMs, hurry, processName, log, watch, tracing } =
    options;
  const { maxCalls } = record.settings;
  let { concurrency } = options;
  const drain = new AbortController();
  // Every photo at work listens.
  setMaxListeners(0, drain.signal);
  const { dedupe, dedupeParallel } = record.settings;
  const onError = (error: Error) =>
    log.warn({ run: record.id, reason: error.message }, 'queue or state reported a fault');
  const accountLock =
    dedupe && !dedupeParallel
      ? createAccountLock({
          leases: backend.leases,
          account: calledAccount,
          holder: `${processName} ${randomUUID()}`,
          onError,
        })
      : undefined;
  let worker: PhotoWorker | undefined;
  const { price, budget } = record.settings;
  const purse = price && createPurse({ state, folder: moneyFolderOf(record.id), processName, price, budget });
  const takeCall = async (kind: CallKind) => {
    if (purse && !(await purse.take(kind))) return false;
    let isTaken = maxCalls === undefined;
    try {
      isTaken ||= maxCalls !== undefined && (await backend.callBudget.take(record.id, maxCalls));
    } finally {
      if (!isTaken) purse?.giveBack(kind);
    }
    return isTaken;
  };
  const forgotten = watchForgotten({
    ...{ state, engine: record.engine, account: record.account, runId: record.id, log },
  });
  const undoWatch = createUndoWatch(backend.leases, calledAccount);
  const context = {
    ...options,
    settings: record.settings,
    draining: drain.signal,
    accountLock,
    takeCall,
    giveBackCall: purse?.giveBack,
    source: createSourceWatch({
      readPhoto: options.readPhoto,
      renew: () => options.s3.renew(),
      waitInMs: options.sourceWaitInMs,
      giveUp: (problem) => pauseForSource(state, record.id, problem),
      log: log.child({ run: record.id }),
    }),
    addressOf: (data: PhotoJobData) => wholeAddress(state, data),
    readUpload: ({ run, decided }: PhotoJobData, limitInBytes?: number) =>
      readUpload(state, { runId: run, name: decided?.upload ?? '', limitInBytes }),
    async refusalOf(enrollment: Enrollment, signal: AbortSignal) {
      await undoWatch.assertFree(signal);
      return forgotten.refusalOf(enrollment, signal);
    },
    memory: createByteBudget(photosBudgetInBytes),
  };
  return {
    start() {
      if (drain.signal.aborted) return;
      worker ??= backend.openWorker({
        runId: record.id,
        concurrency,
        workerName: processName,
        async work(job, signal) {
          const span = tracing?.work(job.data);
          const result = await workPhoto(job, context, signal, span).catch((error) => {
            span?.end();
            // The state, not the photo: its conductor sees the same, and stops the run.
            if (!(error instanceof FaultError)) throw error;
            onError(error);
            return workAgain({ data: job.data, tries: job.data.tries }, pauseAfterFaultInMs);
          });
          span?.end(spanOf(result));
          if ('outcome' in result) watch?.finished(result.outcome, record.engine);
          logPhoto(log, job.data, result);
          return result;
        },
        onError,
      });
    },
    setConcurrency(photos) {
      concurrency = photos;
      worker?.setConcurrency(photos);
    },
    setBudget(changed) {
      purse?.setBudget(changed);
    },
    async stop() {
      drain.abort();
      await worker?.stop({ deadlineInMs: timeoutInMs + 5_000, hurry });
      forgotten.stop();
      await accountLock?.close();
      // What it still holds counts as spent where this fails.
      await purse?.close().catch(onError);
    },
  };
}

function spanOf(result: PhotoResult): SpanAttributes {
  if (!('outcome' in result)) return { again: 'again' in result };
  const { status, error, attempts } = result.outcome;
  return { status, error: error?.kind, attempts };
}

/** By numbers and words of our own: a log is read by others than a report. */
function logPhoto(log: Logger, { run, seq }: PhotoJobData, result: PhotoResult): void {
  if (!log.isLevelEnabled('debug')) return;
  if ('again' in result) log.debug({ run, seq, delayInMs: result.again.delayInMs }, 'photo is tried later');
  else if ('outcome' in result) {
    const { status, attempts, durationInMs } = result.outcome;
    log.debug({ run, seq, status, attempts, durationInMs }, 'photo has its outcome');
  } else log.debug({ run, seq }, 'photo is given back');
}

/** What a person asked for meanwhile stands. */
async function pauseForSource(state: StateStore, runId: string, problem: string): Promise<void> {
  const { wanted } = await readControl(state, runId);
  if (wanted !== 'run') return;
  const reason = `the source cannot be read: ${withoutFullStop(problem)}. No photo is charged. To go on once that is fixed: start the same command again (workers go on with: rollcall resume ${runId}). If these photos alone cannot be read: rollcall cancel ${runId} ends the run and reports them`;
  await writeControl(state, runId, 'pause', reason);
}

/** A signed address stands whole in the manifest only. */
async function wholeAddress(state: StateStore, data: PhotoJobData): Promise<string> {
  if (!data.manifestAt) return data.photo;
  const path = manifestPath(data.run);
  const text = (await state.readRange(path, data.manifestAt)).toString();
  return parseManifestLine(text, state.locate(path), data.manifestAt.offset).photo ?? data.photo;
}
