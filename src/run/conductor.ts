import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { FaultError } from '../errors.ts';
import type { Gate } from '../gate/gate.ts';
import { isDeadProcess } from '../queue/process-name.ts';
import type { PhotoJob, QueueBackend, RunQueue } from '../queue/queue.ts';
import { highestEpoch, openParts, type Parts } from '../report/parts.ts';
import type { ReportLine } from '../report/record.ts';
import type { Summary } from '../report/summary.ts';
import type { Source } from '../sources/source.ts';
import type { StateStore } from '../state/state-store.ts';
import { cancelRest } from './cancel-rest.ts';
import { collectFinished, findForgotten } from './collect.ts';
import { readControl } from './control.ts';
import { createFailureWatch } from './failure-watch.ts';
import { createFedPhotos } from './fed-photos.ts';
import { createHeldPhotos, feedManifest } from './feed.ts';
import { finishReport } from './finish.ts';
import { type Lease, takeLease } from './lease.ts';
import { listSource } from './list.ts';
import { manifestSize } from './manifest.ts';
import { createManifestProgress } from './manifest-progress.ts';
import { createPatientQueue } from './patient-queue.ts';
import { buildPhotoJob } from './photo-job.ts';
import { type RunRecord, readRunRecord, runFolderOf, writeRunRecord } from './run-record.ts';
import { createStop, type Ending } from './stop.ts';

const reconcileEveryInMs = 30_000;
const idlePollInMs = 150;
const watchEveryInMs = 1_000;

/** How a conductor's time with a run ended. */
export type ConductEnd =
  | { readonly kind: 'over'; readonly summary: Summary }
  | { readonly kind: 'paused'; readonly waitsFor: string }
  | { readonly kind: 'interrupted' }
  /** Another process conducts this run. */
  | { readonly kind: 'held' };

export interface ConductOptions {
  readonly state: StateStore;
  readonly backend: QueueBackend;
  /** Tells whether the account is paused. */
  readonly gate: Pick<Gate, 'snapshot'>;
  readonly runId: string;
  readonly openSource: (record: RunRecord) => Promise<Source>;
  readonly processName: string;
  /** Photos fed and not yet collected, at most. */
  readonly window: number;
  /** This process's worker of the run. `stop` starts nothing new and waits for the calls in flight. */
  readonly work: { start(): void; stop(): Promise<void> };
  /** Drains and leaves the run to be resumed. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RunProgress) => void;
  readonly log: Logger;
}

export interface RunProgress {
  readonly listed: number;
  readonly listingEnded: boolean;
  readonly done: number;
  readonly deadLetters: number;
  readonly retries: number;
}

/**
 * Lists, feeds and collects a run for as long as this process holds its lease. Whatever line it dies on, the next
 * conductor goes on from the manifest and the parts.
 * @throws FaultError for a fault of queue or state; the run can be resumed
 * @throws UsageError if the source cannot be listed
 */
export async function conductRun(options: ConductOptions): Promise<ConductEnd> {
  const { state, backend, runId, processName, log } = options;
  const runFolder = runFolderOf(runId);
  const before = await readRunRecord(state, runId);
  const lease = await takeLease({
    leases: backend.leases,
    runId,
    holder: processName,
    minEpoch: Math.max(before?.epoch ?? 0, await highestEpoch(state, runFolder)),
    onError: (error) => log.warn({ run: runId, reason: error.message }, 'the lease could not be renewed yet'),
  });
  if (!lease) return { kind: 'held' };
  const queue = backend.openRunQueue(runId);
  try {
    const record = await readRunRecord(state, runId);
    if (!record) throw new FaultError('state', `${state.locate(runFolder)} has no run.json.`);
    const parts = await openParts({ state, runFolder, epoch: lease.epoch });
    try {
      return await conduct({ ...options, record: { ...record, epoch: lease.epoch }, lease, queue, parts });
    } finally {
      await parts.close();
    }
  } finally {
    await queue.close();
    await lease
      .release()
      .catch((error) => log.debug({ run: runId, reason: error.message }, 'lease not released'));
  }
}

interface Conducting extends ConductOptions {
  readonly record: RunRecord;
  readonly lease: Lease;
  readonly queue: RunQueue;
  readonly parts: Parts;
}

async function conduct(options: Conducting): Promise<ConductEnd> {
  const { state, backend, gate, runId, lease, parts, work, log, onProgress } = options;
  const stop = createStop(options.signal);
  const { signal } = stop;
  const onRetry = (error: Error) =>
    log.warn({ run: runId, reason: error.message }, 'the queue does not answer; trying again');
  const queue = createPatientQueue(options.queue, { signal, onRetry });
  const facts = { run: runId, engine: options.record.engine };
  const progress = createManifestProgress({
    count: options.record.listed?.count ?? 0,
    sizeInBytes: options.record.listed ? await manifestSize(state, runId) : 0,
    ...(options.record.listed && { listed: options.record.listed }),
  });
  const fed = createFedPhotos(options.window);
  const held = createHeldPhotos();
  const failures = createFailureWatch(options.record.settings.stopAfterFailures);

  const queueNow = async (jobs: readonly PhotoJob[]) => {
    fed.add(jobs);
    await queue.add(jobs);
  };
  const queuePhotos = async (jobs: readonly PhotoJob[]) => {
    await fed.room(jobs.length, signal);
    await queueNow(jobs);
  };
  const writeLines = async (lines: readonly ReportLine[]) => {
    const fresh = await parts.add(lines);
    const released = held.release(fresh.map((line) => line.seq));
    if (released.length > 0) await queueNow(released.map((placed) => buildPhotoJob(runId, placed)));
    const tooMany = failures.add(fresh);
    if (tooMany)
      stop.end({
        kind: 'paused',
        waitsFor: `${tooMany} (--stop-after-failures); look at the dead letters, then resume`,
      });
    return fresh;
  };
  const collectOnce = (from: RunQueue) =>
    collectFinished({
      queue: from,
      facts,
      fed,
      writeLines,
      showDeadLetters: (letters) => backend.deadLetters.add(letters),
    });

  const list = async () => {
    if (progress.end.listed) return;
    const source = await options.openSource(options.record);
    await listSource({ state, runId, source, limit: options.record.settings.limit, progress, signal });
    await saveRecord('active');
  };
  const feed = async () => {
    await feedManifest({
      state,
      facts,
      progress,
      signal,
      held,
      sameSubject: options.record.settings.sameSubject,
      repeat: options.record.settings.repeat,
      hasLine: parts.covered.has,
      queuePhotos,
      settlePhotos: async (lines) => void (await writeLines(lines)),
    });
  };
  const collect = async () => {
    let reconciledAt = performance.now();
    while (!signal.aborted) {
      const collected = lease.isFresh() ? await collectOnce(queue) : 0;
      const { listed } = progress.end;
      if (listed && parts.covered.count >= listed.count) return stop.end({ kind: 'complete' });
      if (performance.now() - reconciledAt > reconcileEveryInMs) {
        const forgotten = await findForgotten(queue, fed);
        if (forgotten.length > 0) {
          log.warn({ run: runId, photos: forgotten.length }, 'the queue forgot photos; they are fed again');
          await queue.add(forgotten);
        }
        reconciledAt = performance.now();
      }
      if (collected === 0) await delay(idlePollInMs, undefined, { signal });
    }
  };
  const watch = async () => {
    while (!signal.aborted) {
      await delay(watchEveryInMs, undefined, { signal });
      await asked();
      const { state: accountState, message } = gate.snapshot();
      if (accountState === 'paused')
        stop.end({ kind: 'paused', waitsFor: message ?? 'the account is paused' });
      if (lease.isFresh()) await saveRecord('active');
      onProgress(progressNow());
    }
  };
  const progressNow = (): RunProgress => ({
    listed: progress.end.count,
    listingEnded: progress.end.listed !== undefined,
    done: parts.covered.count,
    deadLetters: parts.tally.deadLetters,
    retries: parts.tally.retries,
  });
  const saveRecord = async (to: RunRecord['state'], waitsFor?: string) => {
    const { waitsFor: _, ...record } = options.record;
    await writeRunRecord(state, {
      ...record,
      state: to,
      ...(waitsFor !== undefined && { waitsFor }),
      ...(progress.end.listed && { listed: progress.end.listed }),
      counts: {
        listed: progress.end.count,
        done: parts.covered.count,
        deadLetters: parts.tally.deadLetters,
        calls: parts.tally.calls,
      },
    });
  };

  const asked = async () => {
    const { wanted } = await readControl(state, runId);
    if (wanted === 'cancel') stop.end({ kind: 'cancelled' });
    if (wanted === 'pause')
      stop.end({ kind: 'paused', waitsFor: 'somebody paused it; to go on: rollcall resume' });
  };
  await asked();
  if (!signal.aborted) {
    await saveRecord('active');
    await queue.adoptFrom(isDeadProcess);
    await queue.resume();
    work.start();
  }
  const released = new AbortController();
  const kept = lease.keep(released.signal).then(() => stop.end({ kind: 'lost' }));
  try {
    return await conclude(await stop.run(list, feed, collect, watch));
  } finally {
    released.abort();
    await kept;
  }

  async function conclude(end: Ending): Promise<ConductEnd> {
    if (end.kind === 'lost') return { kind: 'held' };
    const calm = createPatientQueue(options.queue, { signal: new AbortController().signal, onRetry });
    if (end.kind === 'paused' || end.kind === 'cancelled') await calm.pause();
    await work.stop();
    if (end.kind === 'fault') throw end.error;
    while ((await collectOnce(calm)) > 0);
    onProgress(progressNow());
    if (end.kind === 'interrupted') {
      await saveRecord('active');
      return { kind: 'interrupted' };
    }
    if (end.kind === 'paused') {
      await saveRecord('paused', end.waitsFor);
      return { kind: 'paused', waitsFor: end.waitsFor };
    }
    if (end.kind === 'cancelled') {
      progress.advance(await cancelRest({ state, facts, queue: calm, collectOnce, parts }));
    }
    const over = end.kind === 'cancelled' ? 'cancelled' : 'finished';
    const summary = await finishReport({
      state,
      record: options.record,
      count: progress.end.count,
      parts,
      end: over,
    });
    await calm.obliterate();
    await saveRecord(over);
    return { kind: 'over', summary };
  }
}
