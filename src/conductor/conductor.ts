import { type Lease, takeLease } from '../queue/lease.ts';
import { createQueueWithRetry, withStoreRetry } from '../queue/queue-with-retry.ts';
import { highestEpoch, openParts } from '../records/report-parts.ts';
import { isOver, readRunRecord, runFolderOf } from '../records/run-record.ts';
import { FaultError } from '../util/errors.ts';
import { type Conducting, conductLoops } from './conduct-loops.ts';
import type { ConductEnd, ConductOptions } from './conducting.ts';
import { endRun, readSummary, removeParts } from './finish-run.ts';
import { createStop } from './stop.ts';

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
    const ended = await finishIfSummarized(options, {
      record: { ...record, epoch: lease.epoch },
      queue,
      onRetry,
    });
    if (ended) return ended;
    const parts = await openParts({ state, runFolder, epoch: lease.epoch });
    try {
      return await conductLoops({
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
    withStoreRetry(
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
async function finishIfSummarized(
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
      await endRun({ state, queue: createQueueWithRetry(queue, { signal, onRetry }), record, summary });
    } catch (error) {
      if (signal.aborted) return { kind: 'interrupted' };
      throw error;
    }
  }
  return { kind: 'over', summary };
}
