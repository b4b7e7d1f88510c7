import { type ManifestWriter, openManifestWriter } from '../records/manifest.ts';
import type { ListedPhoto, Source } from '../sources/source.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { UsageError } from '../util/errors.ts';
import type { ManifestProgress } from './manifest-progress.ts';

const photosPerFlush = 1000;
const flushEveryInMs = 250;

/**
 * Writes the source's photos into the manifest until it ends or `limit` is reached, going on where an earlier
 * conductor stopped; nothing where it has ended already. Photos become durable in batches, at the latest a quarter of a second after they were listed (on
 * S3 a second).
 */
export async function listSource(options: {
  state: StateStore;
  runId: string;
  openSource: () => Promise<Source>;
  limit: number | undefined;
  progress: ManifestProgress;
  signal: AbortSignal;
  /** The conductor's; a script that lists has none. */
  epoch?: number;
  /** Awaited before every write: a conductor that slept through its lease's end must not write behind its successor. */
  mayWrite?: () => Promise<void>;
  /** Awaited when the list has ended. */
  onListed?: () => Promise<void>;
}): Promise<void> {
  const { state, runId, limit = Number.POSITIVE_INFINITY, progress } = options;
  if (progress.end.listed) return;
  const source = await options.openSource();
  const writer = await openManifestWriter(state, runId, options.epoch);
  progress.advance(writer.end);
  const everyInMs = Math.max(flushEveryInMs, state.writeEveryInMs);
  const batcher = createBatcher(writer, { progress, everyInMs, mayWrite: options.mayWrite });
  const signal = AbortSignal.any([options.signal, batcher.broken]);
  try {
    let count = writer.end.count;
    const isWhole = count === 0;
    if (count < limit) {
      for await (const photo of source.list({ after: writer.last, signal })) {
        signal.throwIfAborted();
        count += 1;
        await batcher.add(photo);
        if (count >= limit) break;
      }
    }
    await batcher.flush();
    progress.advance(writer.finish(isWhole ? source.leftOutCount?.() : undefined));
  } catch (error) {
    // What was listed before is kept: once that is fixed, listing goes on behind it.
    if (!(error instanceof UsageError)) await batcher.flush().catch(() => {});
    throw error;
  } finally {
    batcher.stop();
    await writer.close();
  }
  await options.onListed?.();
}

/** Gathers photos and makes them durable together: when there are enough, and every so often. */
function createBatcher(
  writer: ManifestWriter,
  {
    progress,
    everyInMs,
    mayWrite,
  }: { progress: ManifestProgress; everyInMs: number; mayWrite: (() => Promise<void>) | undefined },
) {
  const breaker = new AbortController();
  let pending: ListedPhoto[] = [];
  let last: Promise<void> = Promise.resolve();
  const flush = () => {
    if (pending.length > 0) {
      const batch = pending;
      pending = [];
      last = last
        .then(mayWrite)
        .then(() => writer.append(batch))
        .then(() => progress.advance(writer.end));
    }
    return last;
  };
  const timer = setInterval(() => flush().catch((error) => breaker.abort(error)), everyInMs);
  return {
    /** Aborted when a flush failed. */
    broken: breaker.signal,
    flush,
    async add(photo: ListedPhoto) {
      pending.push(photo);
      if (pending.length >= photosPerFlush) await flush();
    },
    stop: () => clearInterval(timer),
  };
}
