import { setTimeout as delay } from 'node:timers/promises';
import { FaultError } from './errors.ts';

const defaultOutageInMs = 120_000;
const pausesInMs = [200, 500, 1000, 2000, 5000];

export interface WithRetryOptions {
  /** Ends the waiting at once: the action may then still be carried out. */
  readonly signal: AbortSignal;
  readonly onRetry: (error: Error) => void;
  /** Default: two minutes. */
  readonly longestOutageInMs?: number;
}

/**
 * Repeats an action on the queue's store while the store is away (restarting, say), for two minutes at most. An action
 * may also wait by itself for the store: it is waited for as long. The actions are harmless when repeated: one whose
 * acknowledgement was lost may have been carried out.
 * @throws FaultError when the store stays away
 */
export async function withRetry<Result>(
  action: () => Promise<Result>,
  { signal, onRetry, longestOutageInMs = defaultOutageInMs }: WithRetryOptions,
): Promise<Result> {
  const endsAt = performance.now() + longestOutageInMs;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await answered(action(), { signal, limitInMs: endsAt - performance.now() });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof FaultError) throw error;
      if (performance.now() >= endsAt) {
        throw new FaultError(
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

/** The action's result, unless the time is over before, or the signal aborts meanwhile. */
function answered<Result>(
  action: Promise<Result>,
  { signal, limitInMs }: { signal: AbortSignal; limitInMs: number },
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    const timer = setTimeout(() => reject(new Error('it takes too long')), limitInMs);
    signal.addEventListener('abort', onAbort, { once: true });
    action.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    });
  });
}
