/** A signal that aborts with another one's reason, or with `DeadlineError` when the time is over. */
export interface Deadline {
  readonly signal: AbortSignal;
  clear(): void;
}

export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** Not `AbortSignal.any`: in Node.js 20 it keeps the combined signal for as long as the outer one lives. */
export function createDeadline(outer: AbortSignal, timeoutInMs: number): Deadline {
  const controller = new AbortController();
  const { signal } = controller;
  const abort = () => controller.abort(outer.reason);
  const timer = setTimeout(() => controller.abort(new DeadlineError('the time is over')), timeoutInMs);
  outer.addEventListener('abort', abort, { once: true });
  return {
    signal,
    clear() {
      clearTimeout(timer);
      outer.removeEventListener('abort', abort);
    },
  };
}
