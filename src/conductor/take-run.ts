import { type Lease, takeLease } from '../queue/lease.ts';
import type { RunQueue } from '../queue/queue.ts';
import { createQueueWithRetry, defaultOutageInMs, withStoreRetry } from '../queue/queue-with-retry.ts';
import { createPurseReader, moneyFolderOf } from '../records/purse.ts';
import { highestEpoch, openParts, type Parts } from '../records/report/report-parts.ts';
import { isOver, type RunRecord, readRunRecord, reasonForPause, runFolderOf } from '../records/run-record.ts';
import { FaultError } from '../util/errors.ts';
import type { ConductEnd, ConductOptions } from './conducting.ts';
import { createEventLog, type EventLog } from './event-log.ts';
import { endRun, readSummary, removeParts } from './finish-run.ts';
import { createStop, type Stop } from './stop.ts';

/** Of a process that has to leave, or of what is not needed any more. */
const outageAtInterruptInMs = 2_000;

/** A run in the hands of this process: its lease is renewed, and what it has is open. */
export interface HeldRun {
  /** With the epoch of the lease; another one once its settings are changed. */
  record: RunRecord;
  readonly lease: Lease;
  readonly stop: Stop;
  readonly events: EventLog;
  /** How this process came to it. */
  readonly begun: 'started' | 'resumed' | 'took-over';
  readonly parts: Parts;
  /** What its processes have claimed of its money. */
  readonly purses: ReturnType<typeof createPurseReader>;
  /** Its calls are repeated while the store is away, until the run stops. */
  readonly queue: RunQueue;
  /** The same, also once the run has stopped. */
  readonly queueAtEnd: RunQueue;
  /** Repeats another call of the queue's store while it is away, until the run stops. */
  retry<Result>(action: () => Promise<Result>): Promise<Result>;
  release(): Promise<void>;
}

/**
 * Takes the lease of a run and opens what it has; how it ended where there is nothing to conduct.
 * @throws FaultError for a fault of queue or state
 */
export async function takeRun(options: ConductOptions): Promise<HeldRun | ConductEnd> {
  const { state, backend, runId, processName, log } = options;
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
  const queue = backend.openRunQueue(runId, { isNew: lease.epoch === 1 });
  const releaseLease = async () => {
    released.abort();
    await kept;
    await queue.close();
    await lease
      .release()
      .catch((error) => log.debug({ run: runId, reason: error.message }, 'lease not released'));
  };
  let isTaken = false;
  try {
    const found = await readRunRecord(state, runId);
    if (!found) throw new FaultError('state', `${state.locate(runFolder)} has no run.json.`);
    const record = { ...found, epoch: lease.epoch };
    const whileWanted = { signal: options.signal, onRetry };
    const ended = await finishIfSummarized(options, {
      record,
      queue: createQueueWithRetry(queue, whileWanted),
    });
    if (ended) return ended;
    if (found.state === 'paused' && options.mayResume === false)
      return { kind: 'paused', waitsFor: reasonForPause(found) };
    const parts = await openParts({ state, runFolder, epoch: lease.epoch });
    isTaken = true;
    const events = createEventLog({ state, runId, writer: processName, epoch: lease.epoch, log });
    const untilStopped = {
      signal: stop.signal,
      onRetry,
      // What begins once the run has stopped is not needed any more.
      longestOutageInMs: () => (stop.signal.aborted ? outageAtInterruptInMs : defaultOutageInMs),
    };
    // What is not collected now is collected by the next start: an interrupt waits for no store that is away.
    const longestOutageInMs = () => (options.signal.aborted ? outageAtInterruptInMs : defaultOutageInMs);
    const atEnd = { signal: new AbortController().signal, onRetry, longestOutageInMs };
    return {
      record,
      lease,
      stop,
      parts,
      events,
      purses: createPurseReader(state, moneyFolderOf(runId)),
      begun: found.epoch === 0 ? 'started' : found.state === 'paused' ? 'resumed' : 'took-over',
      queue: createQueueWithRetry(queue, untilStopped),
      queueAtEnd: createQueueWithRetry(queue, atEnd),
      retry: (action) => withStoreRetry(action, untilStopped),
      release: async () => {
        await events.close();
        await parts.close().finally(releaseLease);
      },
    };
  } finally {
    if (!isTaken) await releaseLease();
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
      { signal, onRetry },
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
 * A run whose summary is there is over and never queued again: whoever wrote it may have died before the run counted as
 * over, or its `run.json` was damaged since. Undefined for a run that is still to be conducted.
 */
async function finishIfSummarized(
  { state, runId, signal }: Pick<ConductOptions, 'state' | 'runId' | 'signal'>,
  { record, queue }: Pick<HeldRun, 'record' | 'queue'>,
): Promise<ConductEnd | undefined> {
  const summary = await readSummary(state, runId);
  if (!summary) {
    if (!isOver(record)) return undefined;
    const path = state.locate(runFolderOf(runId));
    throw new FaultError(
      'state',
      `The run is finished, but ${path} has no summary.json: restore it from a backup.`,
    );
  }
  if (isOver(record)) await removeParts(state, runId);
  else {
    try {
      await endRun({ state, queue, record, summary });
    } catch (error) {
      if (signal.aborted) return { kind: 'interrupted' };
      throw error;
    }
  }
  return { kind: 'over', summary };
}
