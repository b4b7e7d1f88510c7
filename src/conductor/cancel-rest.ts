import { setTimeout as delay } from 'node:timers/promises';
import type { FoundJob, RunQueue } from '../queue/queue.ts';
import { openManifestWriter, readManifest } from '../records/manifest.ts';
import { photoJobDataSchema } from '../records/photo-job-data.ts';
import type { Outcome } from '../records/report-line.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { finishEnrolled } from '../worker/finish-outcome.ts';
import type { ManifestProgress } from './manifest-progress.ts';
import type { PhotoFlow } from './photo-flow.ts';
import { buildPhotoJob, buildSettledLine } from './photo-job.ts';

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
  const queued = await queue.ids();
  for await (const batch of readManifest(state, record.id)) {
    if (!isFresh()) return;
    const open = batch.filter(({ line }) => !hasLine(line.seq));
    const ids = open.map((placed) => buildPhotoJob(record.id, placed).id);
    const jobs = await queue.find(ids.filter((id) => queued.has(id)));
    await flow.settlePhotos(
      open.map((placed, index) => buildSettledLine(facts, placed, cancelled(jobs.get(ids[index] ?? '')))),
    );
  }
  if (manifest.end.listed || !isFresh()) return;
  const writer = await openManifestWriter(state, record.id, record.epoch);
  await writer.close();
  manifest.advance(writer.finish());
}

/**
 * With what was tried so far. A call whose worker died may have been stored; a photo that was enrolled already, and
 * waited to be found again, is enrolled.
 */
function cancelled(job: FoundJob | undefined): Outcome {
  const outcome = { status: 'cancelled', finishedAt: new Date().toISOString() } as const;
  const data = photoJobDataSchema.safeParse(job?.data);
  if (!job || !data.success) return outcome;
  const { attempts, calls, identifications, storedUnknown, enrolled } = data.data.tries;
  if (enrolled) return finishEnrolled(enrolled, data.data.tries);
  if (calls === 0 && !job.isActive) return outcome;
  const stored = storedUnknown || job.isActive ? 'unknown' : 'no';
  return {
    ...outcome,
    stored,
    attempts,
    ...(calls > attempts && { calls }),
    ...(identifications && { identifications }),
  };
}
