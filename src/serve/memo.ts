/** Gives what it gave last, or is about to give, to all who ask within so many milliseconds. A failure is not kept. */
export function createMemo<Result>(keptForInMs: number, ask: () => Promise<Result>): () => Promise<Result> {
  let last: { readonly result: Promise<Result>; readonly at: number } | undefined;
  return () => {
    const now = performance.now();
    if (last && now - last.at < keptForInMs) return last.result;
    const asked = { result: ask(), at: now };
    last = asked;
    asked.result.catch(() => {
      if (last === asked) last = undefined;
    });
    return asked.result;
  };
}
