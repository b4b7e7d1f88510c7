/**
 * Works on items side by side, at most `window` of them, and yields the results in the order of the items. A failure
 * comes in its place, after everything before it; nothing that follows is yielded then. Our own instead of
 * `p-map`: items are read one at a time, never by overlapping calls of `next`.
 */
export async function* inOrder<Item, Result>(
  items: AsyncIterable<Item>,
  window: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const line: Promise<{ result: Result } | { error: unknown }>[] = [];
  const next = async () => {
    const end = await line.shift();
    if (end && 'error' in end) throw end.error;
    return end;
  };
  try {
    for await (const item of items) {
      line.push(
        work(item).then(
          (result) => ({ result }),
          (error: unknown) => ({ error }),
        ),
      );
      if (line.length < window) continue;
      const end = await next();
      if (end) yield end.result;
    }
  } catch (error) {
    // What was begun before the list broke off comes first.
    line.push(Promise.resolve({ error }));
  }
  while (line.length > 0) {
    const end = await next();
    if (end) yield end.result;
  }
}
