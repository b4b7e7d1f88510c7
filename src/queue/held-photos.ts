import type { IQueueBackend, Job, Worker } from 'bullmq';
import { photosIn } from './chunk.ts';

/** What a worker holds: photos that it was handed, at work or waiting for their turn, by their job. */
export interface HeldPhotos {
  /** How many may be held from now on. */
  setMost(photos: number): void;
  /** A photo of a chunk is done. */
  photoDone(job: Job): void;
  jobDone(job: Job): void;
}

/**
 * BullMQ hands out as many jobs at once as `concurrency` says. Chunks count for their photos here: another job is fetched
 * when fewer photos are held than may be at work, so that no process hoards what others could do.
 */
type PhotoJobWorker = Worker<unknown, unknown, string, IQueueBackend>;

export function holdPhotos(worker: PhotoJobWorker, atFirst: number): HeldPhotos {
  let most = atFirst;
  const held = new Map<Job, number>();
  let photos = 0;

  function hold(job: Job, count: number): void {
    photos += count - (held.get(job) ?? 0);
    if (count > 0) held.set(job, count);
    else held.delete(job);
    fetchAsManyAsFit();
  }

  function fetchAsManyAsFit(): void {
    worker.concurrency = Math.max(1, held.size + most - photos);
  }

  // At once when it is fetched: BullMQ fetches as many as it may before the first is begun.
  worker.on('active', (job) => hold(job, photosIn(job.id ?? '')));
  // One that failed before it was begun, having lost its worker too often.
  worker.on('failed', (job) => job && hold(job, 0));
  return {
    setMost(changed) {
      most = changed;
      fetchAsManyAsFit();
      if (photos < most) wake(worker);
    },
    photoDone(job) {
      const left = (held.get(job) ?? 0) - 1;
      if (left <= 0) return;
      hold(job, left);
      if (photos < most) wake(worker);
    },
    jobDone: (job) => hold(job, 0),
  };
}

/** BullMQ looks for more when a job ends. Here its loop is woken as its `resume` does. */
function wake(worker: PhotoJobWorker): void {
  const { mainLoopQueue } = worker as unknown as {
    mainLoopQueue?: { add(item: Promise<void>): void } | null;
  };
  mainLoopQueue?.add(Promise.resolve());
}
