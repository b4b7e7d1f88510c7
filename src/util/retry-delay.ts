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
