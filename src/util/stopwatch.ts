/**
 * How many milliseconds have passed since it was called, by the clock that says more: the steady one stands still while the
 * machine sleeps, and the one on the wall may be set back.
 */
export function stopwatch(): () => number {
  const steadyAt = performance.now();
  const wallAt = Date.now();
  return () => Math.max(performance.now() - steadyAt, Date.now() - wallAt);
}
