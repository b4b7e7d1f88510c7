import type { PhotoJob, RunQueue } from '../queue/queue.ts';
import { isDeadLetter, type ReportLine } from '../report/record.ts';
import type { FedPhotos } from './fed-photos.ts';
import { buildFinishedLine, type RunFacts } from './photo-job.ts';

const jobsPerCollection = 1000;

export interface CollectOptions {
  readonly queue: RunQueue;
  readonly facts: RunFacts;
  readonly fed: FedPhotos;
  /** Writes and syncs lines; photos that have one already are left out. */
  readonly writeLines: (lines: readonly ReportLine[]) => Promise<ReportLine[]>;
  readonly showDeadLetters: (letters: readonly { id: string; line: ReportLine }[]) => Promise<void>;
}

/**
 * Takes finished jobs out of the queue: first their lines are written and synced, then the jobs are removed. A death
 * in between leaves jobs whose photos have a line; they are only removed.
 * @returns how many jobs were taken out
 */
export async function collectFinished(options: CollectOptions): Promise<number> {
  const { queue, facts, fed, writeLines, showDeadLetters } = options;
  const finished = await queue.finished(jobsPerCollection);
  if (finished.length === 0) return 0;
  const lines = finished.map((job) => buildFinishedLine(facts, job)).filter((line) => line !== undefined);
  const fresh = await writeLines(lines);
  const letters = fresh.filter(isDeadLetter).map((line) => ({ id: `${line.run}-${line.seq}`, line }));
  if (letters.length > 0) await showDeadLetters(letters);
  await queue.remove(finished.map((job) => job.id));
  fed.settle(lines.map((line) => line.seq));
  return finished.length;
}

/** What was fed and has neither a line nor a job: the queue forgot it, so it is fed again. */
export async function findForgotten(queue: RunQueue, fed: FedPhotos): Promise<PhotoJob[]> {
  const fedBefore = [...fed.jobs()];
  if (fedBefore.length === 0) return [];
  const known = await queue.ids();
  return fedBefore.filter((job) => !known.has(job.id));
}
