/**
 * A signal that aborts with the first of two, until it is cleared. Made by hand: in Node.js 20 `AbortSignal.any` keeps
 * what it has combined for as long as either lives, which is 1 kB a photo.
 */
export function eitherSignal(
  first: AbortSignal,
  second: AbortSignal,
): { signal: AbortSignal; clear(): void } {
  const controller = new AbortController();
  const abort = () => controller.abort(first.aborted ? first.reason : second.reason);
  if (first.aborted || second.aborted) abort();
  first.addEventListener('abort', abort);
  second.addEventListener('abort', abort);
  return {
    signal: controller.signal,
    clear() {
      first.removeEventListener('abort', abort);
      second.removeEventListener('abort', abort);
    },
  };
}

/**
 * A signal that aborts once the grace period is over: `graceInMs` after `interrupt` did. Calls in flight may go on until
 * then. To be cleared when it is no longer needed.
 */
export function graceSignal(
  interrupt: AbortSignal,
  graceInMs: number,
): { readonly signal: AbortSignal; clear(): void } {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    timer = setTimeout(() => controller.abort(new Error('the grace period is over')), graceInMs);
  };
  if (interrupt.aborted) begin();
  else interrupt.addEventListener('abort', begin, { once: true });
  return {
    signal: controller.signal,
    clear() {
      interrupt.removeEventListener('abort', begin);
      clearTimeout(timer);
    },
  };
}
