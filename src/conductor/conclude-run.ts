import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { compactLedger, withCompactionLease } from '../ledger/compact-ledger.ts';
import { openErasedSubjects } from '../ledger/forgotten-subjects.ts';
import { refreshSnapshot, whenNightEnds } from '../ledger/snapshot/refresh-snapshot.ts';
import type { Lease } from '../queue/lease.ts';
import type { FoundJob, QueueBackend, RunQueue } from '../queue/queue.ts';
import { openManifestWriter, type PlacedLine, readManifest } from '../records/manifest.ts';
import { photoJobDataSchema } from '../records/photo-job-data.ts';
import type { Outcome } from '../records/report/report-line.ts';
import type { Parts } from '../records/report/report-parts.ts';
import { readControl } from '../records/run-control.ts';
import { areIdsFromPaths, type RunRecord } from '../records/run-record.ts';
import { inboxOf } from '../sources/inbox/inbox-source.ts';
import type { Source } from '../sources/source.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { finishEnrolled } from '../worker/finish-outcome.ts';
import type { CanaryWatch } from './canary/canary-watch.ts';
import type { ConductEnd } from './conducting.ts';
import { endRun, finishReport } from './finish-run.ts';
import { listSource } from './list.ts';
import type { ManifestProgress } from './manifest-progress.ts';
import type { PhotoFlow } from './photo-flow.ts';
import { buildPhotoJob, buildSettledLine } from './photo-job.ts';
import type { RunKeeper } from './run-keeper.ts';
import type { StopReason } from './stop.ts';

/**
 * What a conductor does once its loops have stopped: drain, collect the last outcomes, and leave the run as it ended.
 * Where it slept through its lease's end meanwhile, the run may be another's: then nothing is written any more.
 */
export async function concludeRun(
  reason: Exclude<StopReason, { kind: 'lost' }>,
  options: {
    state: StateStore;
    backend: Pick<QueueBackend, 'leases'>;
    record: RunRecord;
    queue: RunQueue;
    flow: PhotoFlow;
    parts: Parts;
    keeper: RunKeeper;
    manifest: ManifestProgress;
    canary: Pick<CanaryWatch, 'now' | 'isAhead'>;
    work: { stop(): Promise<void> };
    openSource: (record: RunRecord) => Promise<Source>;
    lease: Pick<Lease, 'isFresh' | 'fresh'>;
    signal: AbortSignal;
    log: Logger;
  },
): Promise<ConductEnd> {
  const { state, record, queue, flow, parts, keeper, manifest, work, lease } = options;
  if (reason.kind === 'paused' || reason.kind === 'cancelled') await queue.pause();
  await work.stop();
  if (reason.kind === 'fault') throw reason.error;
  try {
    while (lease.isFresh() && (await flow.collect(queue)) > 0);
  } catch (error) {
    if (reason.kind !== 'interrupted') throw error;
    options.log.warn(
      { run: record.id, reason: (error as Error).message },
      'what is done is not all collected: the next start does it',
    );
  }
  const isDone = manifest.end.listed && parts.covered.count >= manifest.end.listed.count;
  if (isDone && !(reason.kind === 'paused' && reason.evenIfDone)) return finish('finished');
  switch (reason.kind) {
    case 'complete':
      return finish('finished');
    case 'interrupted':
      if (lease.isFresh()) await keeper.save('active');
      return { kind: 'interrupted' };
    case 'paused':
      if (lease.isFresh()) await savePause(reason);
      return { kind: 'paused', waitsFor: reason.waitsFor };
    case 'cancelled':
      if (inboxOf(record) !== undefined) await listRest(options);
      await cancelRest({ ...options, isFresh: lease.isFresh, hasLine: parts.covered.has });
      return finish('cancelled');
  }

  /** Draining and writing take a while: who resumed the run meanwhile is not overruled. */
  async function savePause({ waitsFor, foundAt }: { waitsFor: string; foundAt: string }): Promise<void> {
    const isResumed = async () => {
      const { wanted, at } = await readControl(state, record.id);
      return wanted === 'run' && at > foundAt;
    };
    if (!(await isResumed())) await keeper.save('paused', waitsFor);
    if (await isResumed()) await keeper.save('active');
  }

  async function finish(end: 'finished' | 'cancelled'): Promise<ConductEnd> {
    if (!lease.isFresh()) return { kind: 'held' };
    const listed = manifest.end.listed ?? manifest.end;
    const canary = options.canary.now();
    try {
      // Behind the summary nobody counts its lines any more.
      if (options.canary.isAhead) await keeper.save('active');
      const isSourceChanged = end === 'finished' && (await hasSourceChanged(options));
      const summary = await finishReport({ state, record, listed, isSourceChanged, end });
      const { listed: known } = manifest.end;
      await endRun({
        state,
        queue,
        record: { ...record, ...(known && { listed: known }), ...(canary && { canary }) },
        summary,
      });
      await tidyLedger();
      return { kind: 'over', summary };
    } catch (error) {
      // Another conductor may have ended the run meanwhile, and removed the parts.
      if (!lease.isFresh()) return { kind: 'held' };
      throw error;
    }
  }

  /** The run is over whatever comes of it; the next run's conductor tries again. */
  async function tidyLedger(): Promise<void> {
    const { backend, signal, log } = options;
    const { account } = record;
    const { leases } = backend;
    try {
      const { isVoid } = await openErasedSubjects(state, record);
      await compactLedger({ state, leases, account, isVoid, signal });
      const folders = areIdsFromPaths(record.settings) ? record.settings : undefined;
      await withCompactionLease({ leases, account }, () =>
        refreshSnapshot(state, { account, folders, when: whenNightEnds, signal }),
      );
    } catch (error) {
      log.warn(
        { run: record.id, reason: (error as Error).message },
        "the ledger's files were not compacted, or its snapshot not renewed",
      );
    }
  }
}

/** Looked at once more at the end: rows that were added since are in no report. A source that is gone says nothing. */
async function hasSourceChanged({
  record,
  manifest,
  openSource,
  signal,
  log,
}: {
  record: RunRecord;
  manifest: ManifestProgress;
  openSource: (record: RunRecord) => Promise<Source>;
  signal: AbortSignal;
  log: Logger;
}): Promise<boolean> {
  const listed = manifest.end.listed?.version;
  if (listed === undefined) return false;
  try {
    const now = await (await openSource(record)).version?.(signal);
    return now !== undefined && now !== listed;
  } catch (error) {
    log.warn({ run: record.id, reason: (error as Error).message }, 'the source cannot be compared');
    return false;
  }
}

/**
 * What an inbox has taken in gets its line, also where it was not listed yet: the list of a run that is cancelled ends, and
 * the inbox goes on with its next run.
 */
async function listRest({
  state,
  record,
  manifest,
  openSource,
  lease,
  signal,
}: Pick<
  Parameters<typeof concludeRun>[1],
  'state' | 'record' | 'manifest' | 'openSource' | 'lease' | 'signal'
>): Promise<void> {
  await listSource({
    ...{ state, runId: record.id, limit: undefined, progress: manifest, signal, epoch: record.epoch },
    openSource: () => openSource(record),
    mayWrite: () => lease.fresh(signal),
  });
}

const pollInMs = 200;
/** Calls in flight elsewhere are waited for; those of a worker that died are not. */
const longestWaitInMs = 60_000;

/**
 * Ends a cancelled run: photos in flight get their outcome, all others found so far get a line `cancelled`.
 * The queue must be paused. Listing ends where it is. A photo that another conductor enrolled must not be called
 * cancelled by one that slept: nothing is written once the lease is not fresh.
 */
async function cancelRest(options: {
  state: StateStore;
  record: RunRecord;
  queue: RunQueue;
  flow: PhotoFlow;
  manifest: ManifestProgress;
  hasLine: (seq: number) => boolean;
  isFresh: () => boolean;
}): Promise<void> {
  const { state, record, queue, flow, manifest, hasLine, isFresh } = options;
  const startedAt = performance.now();
  while ((await queue.counts()).active > 0 && performance.now() - startedAt < longestWaitInMs)
    await delay(pollInMs);
  const idOf = (placed: PlacedLine) => buildPhotoJob(record.id, placed).id;
  const isOpen = ({ line }: PlacedLine) => !hasLine(line.seq);
  while (isFresh() && (await flow.collect(queue)) > 0);
  if (isFresh()) await flow.collectRecorded(queue);
  for await (const batch of readManifest(state, record.id)) {
    if (!isFresh()) return;
    // An outcome may lie where the queue has lost sight of it.
    const { restored, lost } = await queue.repair(batch.filter(isOpen).map(idOf));
    while (restored > 0 && isFresh() && (await flow.collect(queue)) > 0);
    const gone = new Set(lost);
    const open = batch.filter(isOpen);
    const jobs = await queue.find(open.map(idOf).filter((id) => !gone.has(id)));
    await flow.settlePhotos(
      open.map((placed) => buildSettledLine(record, placed, cancelled(jobs.get(idOf(placed))))),
    );
  }
  if (manifest.end.listed || !isFresh()) return;
  const writer = await openManifestWriter(state, record.id, record.epoch);
  await writer.close();
  manifest.advance(writer.finish());
}

/**
 * With what was tried so far. A call whose worker died may have been stored; a photo that was enrolled already, and
 * waited to be found again, is enrolled.
 */
function cancelled(job: FoundJob | undefined): Outcome {
  const outcome = { status: 'cancelled', finishedAt: new Date().toISOString() } as const;
  const data = photoJobDataSchema.safeParse(job?.data);
  if (!job || !data.success) return outcome;
  const { attempts, calls, identifications, storedUnknown, enrolled } = data.data.tries;
  if (enrolled) return finishEnrolled(enrolled, data.data.tries);
  if (calls === 0 && !job.isActive) return outcome;
  const stored = storedUnknown || job.isActive ? 'unknown' : 'no';
  return {
    ...outcome,
    stored,
    attempts,
    ...(calls > attempts && { calls }),
    ...(identifications && { identifications }),
  };
}
