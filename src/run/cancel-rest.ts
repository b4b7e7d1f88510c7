import { setTimeout as delay } from 'node:timers/promises';
import type { RunQueue } from '../queue/queue.ts';
import type { StateStore } from '../state/state-store.ts';
import { openManifestWriter, readManifest } from './manifest.ts';
import type { ManifestProgress } from './manifest-progress.ts';
import type { PhotoFlow } from './photo-flow.ts';
import { buildSettledLine } from './photo-job.ts';
import type { RunRecord } from './run-record.ts';

const pollInMs = 200;
/** Calls in flight elsewhere are waited for; those of a worker that died are not. */
const longestWaitInMs = 60_000;

/**
 * Ends a cancelled run: photos in flight get their outcome, all others found so far get a line `cancelled`.
 * The queue must be paused. Listing ends where it is. A photo that another conductor enrolled must not be called
 * cancelled by one that slept: nothing is written once the lease is not fresh.
 */
export async function cancelRest(options: {
  state: StateStore;
  record: RunRecord;
  queue: RunQueue;
  flow: PhotoFlow;
  manifest: ManifestProgress;
  hasLine: (seq: number) => boolean;
  isFresh: () => boolean;
}): Promise<void> {
  const { state, record, queue, flow, manifest, hasLine, isFresh } = options;
  const startedAt = performance.now();
  while ((await queue.counts()).active > 0 && performance.now() - startedAt < longestWaitInMs)
    await delay(pollInMs);
  while (isFresh() && (await flow.collect(queue)) > 0);
  const facts = { run: record.id, engine: record.engine };
  for await (const batch of readManifest(state, record.id)) {
    if (!isFresh()) return;
    const open = batch.filter(({ line }) => !hasLine(line.seq));
    const finishedAt = new Date().toISOString();
    await flow.settlePhotos(
      open.map((placed) => buildSettledLine(facts, placed, { status: 'cancelled', finishedAt })),
    );
  }
  if (manifest.end.listed || !isFresh()) return;
  const writer = await openManifestWriter(state, record.id, record.epoch);
  await writer.close();
  manifest.advance(writer.finish());
}
