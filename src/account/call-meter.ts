const rememberedInMs = 5000;

/** Counts the calls of the last few seconds, and for how long all places were taken. */
export function createCallMeter(startedAt: number) {
  const calls: number[] = [];
  const full: { from: number; to: number }[] = [];
  let fullSince: number | undefined;

  function forget(now: number): void {
    while ((calls[0] ?? now) <= now - rememberedInMs) calls.shift();
    while ((full[0]?.to ?? now) <= now - rememberedInMs) full.shift();
  }

  return {
    called(now: number): void {
      calls.push(now);
      forget(now);
    },
    setFull(isFull: boolean, now: number): void {
      if (isFull) fullSince ??= now;
      if (isFull || fullSince === undefined) return;
      full.push({ from: fullSince, to: now });
      fullSince = undefined;
      forget(now);
    },
    read(now: number): { callsPerSecond: number; shareFull: number } {
      forget(now);
      const from = Math.max(startedAt, now - rememberedInMs);
      const spanInMs = Math.max(1000, now - from);
      const spans = fullSince === undefined ? full : [...full, { from: fullSince, to: now }];
      const fullInMs = spans.reduce((sum, span) => sum + span.to - Math.max(from, span.from), 0);
      return { callsPerSecond: (calls.length * 1000) / spanInMs, shareFull: fullInMs / spanInMs };
    },
  };
}
