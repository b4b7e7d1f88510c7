import type { Worker } from 'bullmq';
import { workerTimes } from './bullmq-settings.ts';

/** Faults that follow each other within this time belong together. */
const togetherInMs = 5_000;

/**
 * A store that answers each question with an error (its tables or keys are broken) is asked again by BullMQ at once, some
 * hundred times a second. So the worker rests for a second after each fault, and the same fault in a row is told of once.
 * Returns what ends that: to be called before the worker is closed.
 */
export function restAfterFaults(
  worker: Pick<Worker, 'pause' | 'resume'> & { on(event: 'error', heard: (error: Error) => void): unknown },
  { isExpected, onError }: { isExpected: (error: Error) => boolean; onError: (error: Error) => void },
): () => void {
  let told: string | undefined;
  let faultAt = Number.NEGATIVE_INFINITY;
  let rest: NodeJS.Timeout | undefined;
  let isOver = false;
  worker.on('error', (error) => {
    if (isExpected(error)) return;
    if (error.message !== told || performance.now() - faultAt > togetherInMs) onError(error);
    told = error.message;
    faultAt = performance.now();
    if (isOver || rest !== undefined) return;
    void worker.pause(true);
    rest = setTimeout(() => {
      rest = undefined;
      worker.resume().catch(onError);
    }, workerTimes.runRetryDelay);
  });
  return () => {
    isOver = true;
    clearTimeout(rest);
  };
}
