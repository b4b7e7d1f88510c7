import { EventEmitter, once } from 'node:events';
import { type ManifestEnd, type PlacedLine, readManifest } from '../records/manifest.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { createTurns } from '../util/turns.ts';

/** How far the manifest is on disk, as the lister tells and the feeder waits for. */
export interface ManifestProgress {
  readonly end: ManifestEnd;
  advance(end: ManifestEnd): void;
  /** Resolves at the next advance. */
  changed(signal: AbortSignal): Promise<void>;
}

export function createManifestProgress(start: ManifestEnd): ManifestProgress {
  const events = new EventEmitter();
  let end = start;
  return {
    get end() {
      return end;
    },
    advance(next) {
      end = next;
      events.emit('advance');
    },
    async changed(signal) {
      await once(events, 'advance', { signal });
    },
  };
}

/** Decided at one go: a millisecond or two. */
const mostAtOnce = 100;

/** All lines of the manifest from its beginning, as they become durable, until the list has ended. */
export async function* followManifest(options: {
  state: StateStore;
  runId: string;
  progress: ManifestProgress;
  signal: AbortSignal;
}): AsyncGenerator<PlacedLine[]> {
  const { state, runId, progress, signal } = options;
  const turns = createTurns();
  let offset = 0;
  while (true) {
    signal.throwIfAborted();
    const { sizeInBytes, listed } = progress.end;
    if (offset < sizeInBytes) {
      for await (const batch of readManifest(state, runId, { offset, end: sizeInBytes, mostAtOnce })) {
        if (turns.isOver) await turns.next();
        signal.throwIfAborted();
        yield batch;
      }
      offset = sizeInBytes;
    } else if (listed) {
      return;
    } else {
      await progress.changed(signal);
    }
  }
}
