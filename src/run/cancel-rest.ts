import { setTimeout as delay } from 'node:timers/promises';
import type { RunQueue } from '../queue/queue.ts';
import type { Parts } from '../report/parts.ts';
import type { StateStore } from '../state/state-store.ts';
import { type ManifestEnd, openManifestWriter, readManifest } from './manifest.ts';
import { buildSettledLine, type RunFacts } from './photo-job.ts';

const pollInMs = 200;
/** Calls in flight elsewhere are waited for; a worker that died with one is not. */
const longestWaitInMs = 60_000;

/**
 * Ends a cancelled run: photos in flight get their outcome, all others found so far get a line `cancelled`.
 * The queue must be paused. Listing ends where it is.
 */
export async function cancelRest(options: {
  state: StateStore;
  facts: RunFacts;
  queue: RunQueue;
  collectOnce: (queue: RunQueue) => Promise<number>;
  parts: Parts;
}): Promise<ManifestEnd> {
  const { state, facts, queue, collectOnce, parts } = options;
  const startedAt = performance.now();
  while ((await queue.counts()).active > 0 && performance.now() - startedAt < longestWaitInMs)
    await delay(pollInMs);
  while ((await collectOnce(queue)) > 0);
  for await (const batch of readManifest(state, facts.run)) {
    const open = batch.filter(({ line }) => !parts.covered.has(line.seq));
    const finishedAt = new Date().toISOString();
    await parts.add(
      open.map((placed) => buildSettledLine(facts, placed, { status: 'cancelled', finishedAt })),
    );
  }
  const writer = await openManifestWriter(state, facts.run);
  await writer.close();
  return writer.finish();
}
