export interface TimeLimit<Late = never> {
  /** Default: none. */
  readonly limitInMs?: number | undefined;
  /** Ends the waiting at once. */
  readonly signal?: AbortSignal | undefined;
  /** Called when the time is over: what it returns or throws is the result. Default: throws a `TimeLimitError`. */
  readonly whenLate?: () => Late;
}

/** A promise took longer than it was waited for. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError';
}

/**
 * Waits for a promise until the time is over or the signal aborts; timer and listener are gone by then. The promise goes
 * on, and what it rejects with later is dropped. Our own: `p-timeout` needs Node.js 22 in the version that is maintained.
 * @throws TimeLimitError, unless `whenLate` says otherwise; the signal's reason when it aborts
 */
export function withinTime<Result, Late = never>(
  promise: Promise<Result>,
  { limitInMs, signal, whenLate }: TimeLimit<Late>,
): Promise<Result | Late> {
  const late = async () => {
    if (whenLate) return whenLate();
    throw new TimeLimitError(`it takes longer than ${limitInMs} ms`);
  };
  return new Promise((resolve, reject) => {
    const settle = (how: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      how();
    };
    const onAbort = () => settle(() => reject(signal?.reason));
    const timer =
      limitInMs === undefined ? undefined : setTimeout(() => settle(() => resolve(late())), limitInMs);
    promise.then(
      (result) => settle(() => resolve(result)),
      (error) => settle(() => reject(error)),
    );
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}
