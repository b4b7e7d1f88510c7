import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { FaultError } from '../errors.ts';
import { isDeadProcess } from '../queue/process-name.ts';
import type { QueueBackend, RunQueue } from '../queue/queue.ts';
import { highestEpoch, openParts, type Parts } from '../report/parts.ts';
import type { Summary } from '../report/summary.ts';
import type { Source } from '../sources/source.ts';
import type { StateStore } from '../state/state-store.ts';
import { concludeRun } from './conclude-run.ts';
import { templateIdsOf } from './decide.ts';
import { endRun, removeParts } from './end-run.ts';
import { feedManifest } from './feed.ts';
import { readSummary } from './finish.ts';
import { keepTrying } from './keep-trying.ts';
import { type Lease, takeLease } from './lease.ts';
import { listSource } from './list.ts';
import { manifestSize } from './manifest.ts';
import { createManifestProgress } from './manifest-progress.ts';
import { createPatientQueue } from './patient-queue.ts';
import { createPhotoFlow, jobsPerCollection } from './photo-flow.ts';
import { reasonToStop } from './reason-to-stop.ts';
import { openRecall } from './recall.ts';
import { createRunKeeper } from './run-keeper.ts';
import { isOver, type RunRecord, readRunRecord, runFolderOf } from './run-record.ts';
import { createStop, type Stop } from './stop.ts';
import { createWorkerCount } from './worker-count.ts';

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
  const { state, backend, runId, log } = options;
  const runFolder = runFolderOf(runId);
  const onRetry = (error: Error) =>
    log.warn({ run: runId, reason: error.message }, 'the queue does not answer; trying again');
  const lease = await leaseAbove(options, onRetry).catch((error) => {
    if (options.signal.aborted) return 'interrupted' as const;
    throw error;
  });
  if (lease === 'interrupted') return { kind: 'interrupted' };
  if (!lease) return { kind: 'held' };
  const stop = createStop(options.signal);
  const released = new AbortController();
  const kept = lease.keep(released.signal).then(() => stop.end({ kind: 'lost' }));
  const queue = backend.openRunQueue(runId);
  try {
    const record = await readRunRecord(state, runId);
    if (!record) throw new FaultError('state', `${state.locate(runFolder)} has no run.json.`);
    const ended = await endAgain(options, { record: { ...record, epoch: lease.epoch }, queue, onRetry });
    if (ended) return ended;
    const parts = await openParts({ state, runFolder, epoch: lease.epoch });
    try {
      return await conduct({
        ...options,
        record: { ...record, epoch: lease.epoch },
        lease,
        stop,
        queue,
        parts,
        onRetry,
      });
    } finally {
      await parts.close();
    }
  } finally {
    released.abort();
    await kept;
    await queue.close();
    await lease
      .release()
      .catch((error) => log.debug({ run: runId, reason: error.message }, 'lease not released'));
  }
}

/**
 * The run's lease, with an epoch above whatever its files show. They are looked at only by who has the lease: many
 * ask for it all the time. Undefined if another has it.
 */
async function leaseAbove(
  { state, backend: { leases }, runId, processName, signal }: ConductOptions,
  onRetry: (error: Error) => void,
): Promise<Lease | undefined> {
  const take = (minEpoch: number) =>
    keepTrying(
      () => takeLease({ leases, key: `run-${runId}`, holder: processName, minEpoch, onError: onRetry }),
      {
        signal,
        onRetry,
      },
    );
  const lease = await take(0);
  if (!lease) return undefined;
  try {
    const inRecord = (await readRunRecord(state, runId))?.epoch ?? 0;
    const highest = Math.max(inRecord, await highestEpoch(state, runFolderOf(runId)));
    return lease.epoch > highest ? lease : await take(highest);
  } catch (error) {
    await lease.release().catch(() => {});
    throw error;
  }
}

/**
 * A run whose summary is there is over and never fed again: whoever wrote it may have died before the run counted as
 * over, or its `run.json` was damaged since. Undefined for a run that is still to be conducted.
 */
async function endAgain(
  { state, runId, signal }: ConductOptions,
  { record, queue, onRetry }: Pick<Conducting, 'record' | 'queue' | 'onRetry'>,
): Promise<ConductEnd | undefined> {
  const summary = await readSummary(state, runId);
  if (!summary) {
    if (!isOver(record)) return undefined;
    const path = state.locate(runFolderOf(runId));
    throw new FaultError(
      'state',
      `The run is over, but ${path} has no summary.json: put it back from a copy.`,
    );
  }
  if (isOver(record)) await removeParts(state, runId);
  else {
    try {
      await endRun({ state, queue: createPatientQueue(queue, { signal, onRetry }), record, summary });
    } catch (error) {
      if (signal.aborted) return { kind: 'interrupted' };
      throw error;
    }
  }
  return { kind: 'over', summary };
}

interface Conducting extends ConductOptions {
  readonly record: RunRecord;
  readonly lease: Lease;
  readonly stop: Stop;
  readonly queue: RunQueue;
  readonly parts: Parts;
  /** Told when the queue's store does not answer. */
  readonly onRetry: (error: Error) => void;
}

async function conduct(options: Conducting): Promise<ConductEnd> {
  const { state, backend, runId, record, lease, stop, parts, work, log, onRetry, onProgress } = options;
  const { signal } = stop;
  const patiently = <Result>(action: () => Promise<Result>) => keepTrying(action, { signal, onRetry });
  const queue = createPatientQueue(options.queue, { signal, onRetry });
  /** For what is still to be done once the loops have stopped. */
  const unhurried = { signal: new AbortController().signal, onRetry };
  const lastly = <Result>(action: () => Promise<Result>) => keepTrying(action, unhurried);
  const lastQueue = createPatientQueue(options.queue, unhurried);
  const facts = { run: runId, engine: record.engine };
  const manifest = createManifestProgress(
    record.listed
      ? { count: record.listed.count, sizeInBytes: await manifestSize(state, runId), listed: record.listed }
      : { count: 0, sizeInBytes: 0 },
  );
  const workers = createWorkerCount(backend.presence, runId);
  const keeper = createRunKeeper({ state, record, parts, manifest, workers });
  const mayWrite = () => lease.fresh(signal);
  const flow = createPhotoFlow({
    facts,
    queue,
    parts,
    // They are shown for people; the report has them whatever comes of it.
    showDeadLetters: (letters) =>
      lastly(() => backend.deadLetters.add(letters)).catch((error: Error) =>
        log.warn({ run: runId, reason: error.message }, 'dead letters are not shown in the queue'),
      ),
    mayWrite,
    window: options.window,
    stopAfterFailures: record.settings.stopAfterFailures,
    onTooManyFailures: (tooMany) =>
      stop.end({
        kind: 'paused',
        waitsFor: `${tooMany} (--stop-after-failures): look at rollcall dead-letters`,
        foundAt: new Date().toISOString(),
      }),
    signal,
  });

  const list = async () => {
    if (manifest.end.listed) return;
    const source = await options.openSource(record);
    const { limit } = record.settings;
    await listSource({
      state,
      runId,
      source,
      limit,
      progress: manifest,
      signal,
      mayWrite,
      epoch: record.epoch,
    });
    await mayWrite();
    await keeper.save('active');
  };
  const feed = () =>
    feedManifest({
      state,
      facts,
      signal,
      progress: manifest,
      sameSubject: record.settings.sameSubject,
      repeat: record.settings.repeat,
      templateIdFor: templateIdsOf(record.engine, record.settings),
      hasLine: parts.covered.has,
      openRecall: record.settings.incremental ? () => openRecall({ ...record, state, signal }) : undefined,
      ...flow,
    });
  const collect = async () => {
    let reconciledAt = performance.now();
    while (!signal.aborted) {
      const collected = lease.isFresh() ? await flow.collect(queue) : 0;
      const { listed } = manifest.end;
      if (listed && parts.covered.count >= listed.count) return stop.end({ kind: 'complete' });
      if (performance.now() - reconciledAt > reconcileEveryInMs) {
        const photos = await flow.reconcile();
        if (photos > 0) log.warn({ run: runId, photos }, 'the queue forgot photos; they are fed again');
        reconciledAt = performance.now();
      }
      if (collected === 0) await delay(idlePollInMs, undefined, { signal });
      else if (collected < jobsPerCollection) await delay(state.writeEveryInMs, undefined, { signal });
    }
  };
  const heed = async () => {
    const { ending, waitsFor } = await reasonToStop({
      state,
      backend,
      record,
      callsReported: parts.tally.calls,
      patiently,
    });
    if (ending) stop.end(ending);
    return waitsFor;
  };
  const watch = async () => {
    while (!signal.aborted) {
      await delay(watchEveryInMs, undefined, { signal });
      const waitsFor = await heed();
      if (lease.isFresh()) await keeper.saveNowAndThen(waitsFor);
      onProgress(keeper.progress());
    }
  };

  const begin = async () => {
    await heed();
    if (signal.aborted) return;
    await keeper.save('active');
    await queue.adoptFrom(isDeadProcess);
    await queue.resume();
    work.start();
  };

  await begin().catch((error) => stop.end({ kind: 'fault', error }));
  const ending = await stop.run(list, feed, collect, watch);
  if (ending.kind === 'lost') return { kind: 'held' };
  return concludeRun(ending, { ...options, queue: lastQueue, flow, keeper, manifest });
}
