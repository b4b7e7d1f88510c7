import { EventEmitter, once } from 'node:events';
import type { PhotoJob } from '../queue/queue.ts';

/** The photos that were fed and have no line yet: at most a window of them, so the queue does not grow with the archive. */
export interface InFlightPhotos {
  readonly size: number;
  add(jobs: readonly PhotoJob[]): void;
  /** Forgets the photos of these seqs, whose lines are written and whose jobs are removed. */
  settle(seqs: readonly number[]): void;
  jobs(): IterableIterator<PhotoJob>;
  /**
   * Resolves with how many of the wanted photos fit into the window: at least one. It waits until there is room for a
   * sixteenth of the window, so that photos are not queued one by one; a few slow ones hold nobody up.
   */
  room(wanted: number, signal: AbortSignal): Promise<number>;
}

const leastShareOfWindow = 1 / 16;

export function createInFlightPhotos(largest: number): InFlightPhotos {
  const window = Math.max(1, largest);
  const bySeq = new Map<number, PhotoJob>();
  const events = new EventEmitter();
  return {
    get size() {
      return bySeq.size;
    },
    add(jobs) {
      for (const job of jobs) bySeq.set(job.data.seq, job);
    },
    settle(seqs) {
      for (const seq of seqs) bySeq.delete(seq);
      events.emit('settled');
    },
    jobs: () => bySeq.values(),
    async room(wanted, signal) {
      signal.throwIfAborted();
      const least = Math.min(wanted, Math.ceil(window * leastShareOfWindow));
      while (window - bySeq.size < least) await once(events, 'settled', { signal });
      return Math.min(wanted, window - bySeq.size);
    },
  };
}
