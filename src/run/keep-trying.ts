import { setTimeout as delay } from 'node:timers/promises';
import { FaultError } from '../errors.ts';

const longestOutageInMs = 120_000;
const pausesInMs = [200, 500, 1000, 2000, 5000];

/**
 * Repeats an action on the queue's store while the store is away (restarting, say), for two minutes at most. The
 * actions are harmless when repeated: one whose acknowledgement was lost may have been carried out.
 * @throws FaultError when the store stays away
 */
export async function keepTrying<Result>(
  action: () => Promise<Result>,
  { signal, onRetry }: { signal: AbortSignal; onRetry: (error: Error) => void },
): Promise<Result> {
  const startedAt = performance.now();
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof FaultError || performance.now() - startedAt > longestOutageInMs) {
        throw error instanceof FaultError
          ? error
          : new FaultError(
              'queue',
              `The queue does not answer: ${(error as Error).message}. Mend it and start the run again.`,
              { cause: error },
            );
      }
      onRetry(error as Error);
      await delay(pausesInMs[Math.min(attempt, pausesInMs.length - 1)], undefined, { signal });
    }
  }
}
