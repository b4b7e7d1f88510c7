import type { RunQueue } from '../queue/queue.ts';
import { withRetry } from '../util/with-retry.ts';

/** The run's queue, whose calls are repeated while its store is away for a while. */
export function createQueueWithRetry(
  queue: RunQueue,
  options: { signal: AbortSignal; onRetry: (error: Error) => void },
): RunQueue {
  const patient = <Result>(action: () => Promise<Result>) => withRetry(action, options);
  return {
    add: (jobs) => patient(() => queue.add(jobs)),
    finished: (limit) => patient(() => queue.finished(limit)),
    remove: (ids) => patient(() => queue.remove(ids)),
    ids: () => patient(() => queue.ids()),
    find: (ids) => patient(() => queue.find(ids)),
    counts: () => patient(() => queue.counts()),
    pause: () => patient(() => queue.pause()),
    resume: () => patient(() => queue.resume()),
    adoptFrom: (isDead) => patient(() => queue.adoptFrom(isDead)),
    obliterate: () => patient(() => queue.obliterate()),
    close: () => queue.close(),
  };
}
