/** What is open on a queue, so that it is closed with it: in reverse, each even where another fails. */
export interface Closers {
  /** Returns what its owner calls to close it earlier. */
  add(close: () => Promise<void>): () => Promise<void>;
  /** @throws the first fault */
  closeAll(): Promise<void>;
}

export function createClosers(): Closers {
  const open = new Set<() => Promise<void>>();
  return {
    add(close) {
      const closeAndForget = () => close().finally(() => open.delete(closeAndForget));
      open.add(closeAndForget);
      return closeAndForget;
    },
    async closeAll() {
      const faults: unknown[] = [];
      for (const close of [...open].reverse()) await close().catch((fault: unknown) => faults.push(fault));
      if (faults.length > 0) throw faults[0];
    },
  };
}
