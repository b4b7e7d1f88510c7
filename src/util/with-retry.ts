import { setTimeout as delay } from 'node:timers/promises';

export interface RetryPolicy {
  /**
   * Milliseconds until the action is tried again after an error; undefined: that error is thrown. `failures` counts from
   * 1. Asked before the signal is looked at.
   */
  readonly pauseInMs: (error: unknown, failures: number) => number | undefined;
  /** Ends a pause at once. An action that is under way is not interrupted: see `withinTime`. */
  readonly signal?: AbortSignal | undefined;
  /** Called before each pause. */
  readonly onRetry?: ((error: unknown) => void) | undefined;
}

/**
 * Repeats an action that throws for as long as the policy says. Once the signal is aborted, an action is tried once and
 * not repeated. Our own: `p-retry` needs Node.js 22 in the version that is maintained, and knows no pause by error.
 * @throws the last error; the signal's reason when it aborts
 */
export async function withRetry<Result>(
  action: () => Promise<Result>,
  { pauseInMs, signal, onRetry }: RetryPolicy,
): Promise<Result> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await action();
    } catch (error) {
      const pause = pauseInMs(error, failures);
      if (pause === undefined) throw error;
      signal?.throwIfAborted();
      onRetry?.(error);
      await delay(pause, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
    }
  }
}

/**
 * Full jitter: anywhere between nothing and the exponential delay, which doubles from the first delay to the ceiling.
 * `attempt` counts from 1: the attempt that has just failed. Source: design, "unavailable"; the jitter keeps photos
 * that failed together from coming back together.
 */
export function retryDelayInMs(options: {
  attempt: number;
  firstDelayInMs: number;
  ceilingInMs: number;
  random?: () => number;
}): number {
  const { attempt, firstDelayInMs, ceilingInMs, random = Math.random } = options;
  const exponential = firstDelayInMs * 2 ** Math.min(attempt - 1, 30);
  return Math.floor(Math.min(ceilingInMs, exponential) * random());
}
