const lookEveryInMs = 2;

/**
 * Says, whenever it is asked, for how long this process had not come to look at its timers and sockets: by so much what
 * it notes at that moment may be late.
 */
export function watchLoopLag(): () => number {
  // Two turns: after a hold-up it is the timers' turn first, this one among them.
  let lookedAt = performance.now();
  let lookedBeforeAt = lookedAt;
  setInterval(() => {
    lookedBeforeAt = lookedAt;
    lookedAt = performance.now();
  }, lookEveryInMs).unref();
  return () => Math.max(0, performance.now() - lookedBeforeAt - 2 * lookEveryInMs);
}
