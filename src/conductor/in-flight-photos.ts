import { EventEmitter, once } from 'node:events';
import type { PhotoJob } from '../queue/queue.ts';
import type { PlacedLine } from '../records/manifest.ts';

/** The photos that were queued and have no line yet: at most a window of them, so the queue does not grow with the archive. */
export interface InFlightPhotos {
  readonly size: number;
  /** From now on so many may be in flight; those that are stay. */
  setWindow(largest: number): void;
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
  let window = Math.max(1, largest);
  const bySeq = new Map<number, PhotoJob>();
  const events = new EventEmitter();
  return {
    get size() {
      return bySeq.size;
    },
    setWindow(most) {
      window = Math.max(1, most);
      events.emit('settled');
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

/** Photos that wait for an earlier one of their subject; feeding stops until some are released. */
const mostDeferred = 10_000;

/** Photos that are queued only after an earlier one of the same subject has its line (`--repeat each`). */
export interface DeferredPhotos {
  defer(after: number, line: PlacedLine): void;
  /** Takes out the photos that waited for these seqs. */
  release(seqs: readonly number[]): PlacedLine[];
  /** Whether `room` has to wait for some to be released. */
  readonly isFull: boolean;
  /** Resolves when not too many are deferred, so that memory stays bounded. */
  room(signal: AbortSignal): Promise<void>;
}

export function createDeferredPhotos(): DeferredPhotos {
  const waitingFor = new Map<number, PlacedLine[]>();
  const events = new EventEmitter();
  let size = 0;
  return {
    defer(after, line) {
      waitingFor.set(after, [...(waitingFor.get(after) ?? []), line]);
      size += 1;
    },
    release(seqs) {
      const released = seqs.flatMap((seq) => waitingFor.get(seq) ?? []);
      for (const seq of seqs) waitingFor.delete(seq);
      size -= released.length;
      if (released.length > 0) events.emit('released');
      return released;
    },
    get isFull() {
      return size > mostDeferred;
    },
    async room(signal) {
      while (size > mostDeferred) await once(events, 'released', { signal });
    },
  };
}
