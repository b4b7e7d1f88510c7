import { isOver, readRunRecord } from '../../records/run-record.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import type { Taken } from './taken.ts';

const readEveryInMs = 1_000;
const longestRetryAfterInMs = 60_000;

/** How many photos of an inbox have no outcome yet, by what `run.json` says of its runs: a second or so behind. */
export function createWaiting(state: StateStore, taken: Taken) {
  const over = new Set<string>();
  const done = new Map<string, number>();
  let photosPerSecond = 0;
  let readAt = Number.NEGATIVE_INFINITY;

  async function read(): Promise<void> {
    photosPerSecond = 0;
    for (const { run } of taken.lists) {
      if (over.has(run)) continue;
      const record = await readRunRecord(state, run);
      // Of the list that is open the run may not be there yet; any other was removed.
      if (record ? isOver(record) : run !== taken.current?.run) over.add(run);
      done.set(run, record?.counts.done ?? 0);
      photosPerSecond += record?.outlook?.photosPerSecond ?? 0;
    }
  }

  return {
    async count(): Promise<number> {
      if (performance.now() - readAt > Math.max(readEveryInMs, state.writeEveryInMs)) {
        readAt = performance.now();
        await read();
      }
      let waiting = 0;
      for (const { run, count } of taken.lists) if (!over.has(run)) waiting += count - (done.get(run) ?? 0);
      return waiting;
    },
    /** When so many photos may have their outcome. */
    retryAfterInMs(photos: number): number {
      const inMs = photosPerSecond > 0 ? (photos / photosPerSecond) * 1_000 : longestRetryAfterInMs;
      return Math.ceil(Math.min(longestRetryAfterInMs, Math.max(1_000, inMs)));
    },
  };
}
