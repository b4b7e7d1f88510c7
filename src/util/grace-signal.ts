/**
 * A signal that aborts once the grace period is over: `graceInMs` after `interrupt` did. Calls in flight may go on until
 * then. To be cleared when nobody needs it any more.
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
