import { EventEmitter, once } from 'node:events';
import type { PhotoJob } from '../queue/queue.ts';

/** The photos that were fed and have no line yet: at most a window of them, so the queue does not grow with the archive. */
export interface FedPhotos {
  readonly size: number;
  add(jobs: readonly PhotoJob[]): void;
  /** Forgets the photos of these seqs, whose lines are written and whose jobs are removed. */
  settle(seqs: readonly number[]): void;
  jobs(): IterableIterator<PhotoJob>;
  /** Resolves when this many more photos fit into the window. */
  room(count: number, signal: AbortSignal): Promise<void>;
}

export function createFedPhotos(window: number): FedPhotos {
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
    async room(count, signal) {
      signal.throwIfAborted();
      while (bySeq.size > 0 && bySeq.size + count > window) await once(events, 'settled', { signal });
    },
  };
}
