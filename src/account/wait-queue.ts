/** A caller that waits, to be answered once. */
export interface Waiter<Grant> {
  grant(what: Grant): void;
  refuse(reason: unknown): void;
}

/**
 * Joins a queue and waits for a grant or a refusal; leaves the queue when the signal aborts.
 * @throws what it was refused with; the signal's reason when it aborts
 */
export function waitForGrant<Grant>({
  signal,
  join,
  leave,
}: {
  signal: AbortSignal;
  join: (waiter: Waiter<Grant>) => void;
  leave: (waiter: Waiter<Grant>) => void;
}): Promise<Grant> {
  return new Promise<Grant>((resolve, reject) => {
    const onAbort = () => {
      reject(signal.reason);
      leave(waiter);
    };
    const waiter: Waiter<Grant> = {
      grant(what) {
        signal.removeEventListener('abort', onAbort);
        resolve(what);
      },
      refuse(reason) {
        signal.removeEventListener('abort', onAbort);
        reject(reason);
      },
    };
    signal.addEventListener('abort', onAbort, { once: true });
    join(waiter);
  });
}

/** Those who wait for a call. It is fair: runs take turns, and within a run the first that came goes first. */
export interface WaitQueue<Item> {
  readonly size: number;
  add(runId: string, item: Item): void;
  take(): Item | undefined;
  remove(runId: string, item: Item): void;
  takeAll(): Item[];
}

export function createWaitQueue<Item>(): WaitQueue<Item> {
  // A Map keeps its order: a run that was served goes to the end.
  const runs = new Map<string, Item[]>();
  let size = 0;

  return {
    get size() {
      return size;
    },
    add(runId, item) {
      const items = runs.get(runId);
      if (items) items.push(item);
      else runs.set(runId, [item]);
      size += 1;
    },
    take() {
      for (const [runId, items] of runs) {
        runs.delete(runId);
        const item = items.shift();
        if (items.length > 0) runs.set(runId, items);
        if (item === undefined) continue;
        size -= 1;
        return item;
      }
      return undefined;
    },
    remove(runId, item) {
      const items = runs.get(runId);
      const place = items?.indexOf(item) ?? -1;
      if (!items || place < 0) return;
      items.splice(place, 1);
      if (items.length === 0) runs.delete(runId);
      size -= 1;
    },
    takeAll() {
      const all = [...runs.values()].flat();
      runs.clear();
      size = 0;
      return all;
    },
  };
}
