import { setTimeout as delay } from 'node:timers/promises';
import type { Lease } from '../queue/lease.ts';
import type { RunQueue } from '../queue/queue.ts';
import { createQueueWithRetry, withStoreRetry } from '../queue/queue-with-retry.ts';
import { manifestSize } from '../records/manifest.ts';
import type { Parts } from '../records/report-parts.ts';
import type { RunRecord } from '../records/run-record.ts';
import { isDeadProcess } from '../util/process-name.ts';
import { concludeRun } from './conclude-run.ts';
import type { ConductEnd, ConductOptions } from './conducting.ts';
import { templateIdsOf } from './decide.ts';
import { feedManifest } from './feed.ts';
import { openForgottenPhotos } from './forgotten-photos.ts';
import { openLedgerLookup } from './ledger-lookup.ts';
import { listSource } from './list.ts';
import { createManifestProgress } from './manifest-progress.ts';
import { createPhotoFlow, jobsPerCollection } from './photo-flow.ts';
import { createRunKeeper, createWorkerCount } from './run-keeper.ts';
import type { Stop } from './stop.ts';
import { reasonToStop } from './stop.ts';

const reconcileEveryInMs = 30_000;
const idlePollInMs = 150;
const watchEveryInMs = 1_000;

export interface Conducting extends ConductOptions {
  readonly record: RunRecord;
  readonly lease: Lease;
  readonly stop: Stop;
  readonly queue: RunQueue;
  readonly parts: Parts;
  /** Told when the queue's store does not answer. */
  readonly onRetry: (error: Error) => void;
}

/** Lists, feeds, collects and watches, side by side, until one of them ends it; then concludes. */
export async function conductLoops(options: Conducting): Promise<ConductEnd> {
  const { state, backend, runId, record, lease, stop, parts, work, log, onRetry, onProgress } = options;
  const { signal } = stop;
  const withRetries = <Result>(action: () => Promise<Result>) => withStoreRetry(action, { signal, onRetry });
  const queue = createQueueWithRetry(options.queue, { signal, onRetry });
  /** For what is still to be done once the loops have stopped. */
  const unhurried = { signal: new AbortController().signal, onRetry };
  const lastly = <Result>(action: () => Promise<Result>) => withStoreRetry(action, unhurried);
  const lastQueue = createQueueWithRetry(options.queue, unhurried);
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
      verify: record.settings.verify,
      openLedgerLookup: record.settings.incremental
        ? () => openLedgerLookup({ ...record, state, signal })
        : undefined,
      forgotten: openForgottenPhotos({ state, account: record.account, runId }),
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
  const readStopReason = async () => {
    const { ending, waitsFor } = await reasonToStop({
      state,
      backend,
      record,
      callsReported: parts.tally.calls,
      withRetries,
    });
    if (ending) stop.end(ending);
    return waitsFor;
  };
  const watch = async () => {
    while (!signal.aborted) {
      await delay(watchEveryInMs, undefined, { signal });
      const waitsFor = await readStopReason();
      if (lease.isFresh()) await keeper.saveNowAndThen(waitsFor);
      onProgress(keeper.progress());
    }
  };

  const begin = async () => {
    await readStopReason();
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
