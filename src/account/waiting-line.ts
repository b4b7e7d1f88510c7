/** Who waits for a call: runs take turns, and within a run the first that came goes first. */
export interface WaitingLine<Item> {
  readonly size: number;
  add(runId: string, item: Item): void;
  take(): Item | undefined;
  remove(runId: string, item: Item): void;
  takeAll(): Item[];
}

export function createWaitingLine<Item>(): WaitingLine<Item> {
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
