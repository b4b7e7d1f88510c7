import { FaultError } from '../util/errors.ts';
import { withinTime } from '../util/time-limit.ts';
import { withRetry } from '../util/with-retry.ts';
import { fixOfStore } from './connection-fault.ts';
import type { RunQueue } from './queue.ts';

export const defaultOutageInMs = 120_000;
const pausesInMs = [200, 500, 1000, 2000, 5000];

export interface StoreRetryOptions {
  /** Ends the waiting at once: the action may then still be carried out. */
  readonly signal: AbortSignal;
  readonly onRetry: (error: Error) => void;
  /** Default: two minutes. Asked when an action begins. */
  readonly longestOutageInMs?: () => number;
}

/**
 * Repeats an action on the queue's store while the store is away (restarting, say), for two minutes at most. An action
 * may also wait by itself for the store: it is waited for as long. The actions are harmless when repeated: one whose
 * acknowledgement was lost may have been carried out.
 * @throws FaultError when the store stays away
 */
export function withStoreRetry<Result>(
  action: () => Promise<Result>,
  { signal, onRetry, longestOutageInMs = () => defaultOutageInMs }: StoreRetryOptions,
): Promise<Result> {
  const endsAt = performance.now() + longestOutageInMs();
  const answered = () =>
    withinTime(action(), {
      limitInMs: endsAt - performance.now(),
      // An action that begins after the abort belongs to the end of the work: it is waited for.
      signal: signal.aborted ? undefined : signal,
      whenLate: () => {
        throw new Error('it takes too long');
      },
    });
  return withRetry(answered, {
    signal,
    onRetry: (error) => onRetry(error as Error),
    pauseInMs(error, failures) {
      if (error instanceof FaultError) return undefined;
      if (performance.now() >= endsAt) throw storeIsAway(error as Error);
      return pausesInMs[Math.min(failures, pausesInMs.length) - 1];
    },
  });
}

function storeIsAway(error: Error): FaultError {
  return new FaultError(
    'queue',
    `The queue does not answer: ${error.message}. ${fixOfStore(error)} and start the same command again: the run goes on where it stopped.`,
    { cause: error },
  );
}

/** The run's queue, whose calls are repeated while its store is away for a while. */
export function createQueueWithRetry(queue: RunQueue, options: StoreRetryOptions): RunQueue {
  const retrying = <Result>(action: () => Promise<Result>) => withStoreRetry(action, options);
  return {
    add: (photos, photosPerJob) => retrying(() => queue.add(photos, photosPerJob)),
    finished: (limit) => retrying(() => queue.finished(limit)),
    recorded: () => retrying(() => queue.recorded()),
    remove: (jobIds) => retrying(() => queue.remove(jobIds)),
    ids: () => retrying(() => queue.ids()),
    repair: (ids) => retrying(() => queue.repair(ids)),
    find: (ids) => retrying(() => queue.find(ids)),
    counts: () => retrying(() => queue.counts()),
    pause: () => retrying(() => queue.pause()),
    resume: () => retrying(() => queue.resume()),
    adoptFrom: (isDead) => retrying(() => queue.adoptFrom(isDead)),
    obliterate: () => retrying(() => queue.obliterate()),
    close: () => queue.close(),
  };
}
