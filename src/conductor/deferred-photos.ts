import { EventEmitter, once } from 'node:events';
import type { PlacedLine } from '../records/manifest.ts';

/** Photos that wait for an earlier one of their subject; feeding stops until some were released. */
const largestHeld = 10_000;

/** Photos that are fed only after an earlier one of the same subject has its line (`--repeat each`). */
export interface DeferredPhotos {
  hold(after: number, line: PlacedLine): void;
  /** Takes out the photos that waited for these seqs. */
  release(seqs: readonly number[]): PlacedLine[];
  /** Resolves when not too many are held, so that memory stays bounded. */
  room(signal: AbortSignal): Promise<void>;
}

export function createDeferredPhotos(): DeferredPhotos {
  const heldBy = new Map<number, PlacedLine[]>();
  const events = new EventEmitter();
  let size = 0;
  return {
    hold(after, line) {
      heldBy.set(after, [...(heldBy.get(after) ?? []), line]);
      size += 1;
    },
    release(seqs) {
      const released = seqs.flatMap((seq) => heldBy.get(seq) ?? []);
      for (const seq of seqs) heldBy.delete(seq);
      size -= released.length;
      if (released.length > 0) events.emit('released');
      return released;
    },
    async room(signal) {
      while (size > largestHeld) await once(events, 'released', { signal });
    },
  };
}
