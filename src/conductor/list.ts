import { type LeftOutWriter, openLeftOutWriter } from '../records/left-out-file.ts';
import { type ListedInfo, type ManifestWriter, openManifestWriter } from '../records/manifest.ts';
import type { LeftOut, LeftOutCount } from '../sources/left-out.ts';
import type { ListEnd, ListedPhoto, Source } from '../sources/source.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { FaultError, UsageError } from '../util/errors.ts';
import { createTurns } from '../util/turns.ts';
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
  const from = writer.end.count;
  const leftOut = source.leavesOut
    ? await openLeftOutWriter(state, runId, { from, epoch: options.epoch })
    : undefined;
  const everyInMs = Math.max(flushEveryInMs, state.writeEveryInMs);
  const batcher = createBatcher(writer, { leftOut, progress, everyInMs, mayWrite: options.mayWrite });
  const signal = AbortSignal.any([options.signal, batcher.broken]);
  const turns = createTurns();
  let end: ListEnd | undefined;
  try {
    let count = from;
    const onLeftOut = leftOut && ((each: LeftOut) => batcher.leaveOut({ after: count, leftOut: each }));
    const onEnd = (told: ListEnd) => {
      end = told;
    };
    if (count < limit) {
      const onPause = batcher.flushSoon;
      for await (const photo of source.list({ after: writer.last, signal, onLeftOut, onPause, onEnd })) {
        signal.throwIfAborted();
        count += 1;
        const room = batcher.add(photo);
        if (room) await room;
        if (turns.isOver) await turns.next();
        if (count >= limit) break;
      }
    }
    if (end === undefined && count < limit) throw notWhole(source);
    await batcher.flush();
    progress.advance(writer.finish(describe(end, await leftOut?.finish())));
  } catch (error) {
    // What was listed before is kept: once that is fixed, listing goes on behind it.
    if (!(error instanceof UsageError)) await batcher.flush().catch(() => {});
    throw error;
  } finally {
    batcher.stop();
    await writer.close();
    await leftOut?.close();
  }
  await options.onListed?.();
}

/** A list that ends without a word may be short: the run must not finish with it. */
function notWhole({ address }: Source): FaultError {
  return new FaultError(
    'source-not-whole',
    `${address} was not read to its end: start the same command again; it goes on where it stopped.`,
  );
}

/** `end` is absent for a list that `--limit` cut short. */
function describe(
  end: ListEnd | undefined,
  leftOut: LeftOutCount | undefined,
): Omit<ListedInfo, 'count' | 'sha256'> {
  return {
    at: new Date().toISOString(),
    ...(leftOut !== undefined && { leftOut: leftOut.files }),
    ...(leftOut !== undefined && Object.keys(leftOut.byKind).length > 0 && { leftOutBy: leftOut.byKind }),
    ...(end?.version !== undefined && { version: end.version }),
    ...(end !== undefined && end.gaps > 0 && { gaps: end.gaps }),
  };
}

/**
 * Gathers photos and makes them durable together: when there are enough, and every so often. While one batch is written
 * the next is gathered.
 */
function createBatcher(
  writer: ManifestWriter,
  {
    leftOut,
    progress,
    everyInMs,
    mayWrite,
  }: {
    leftOut: LeftOutWriter | undefined;
    progress: ManifestProgress;
    everyInMs: number;
    mayWrite: (() => Promise<void>) | undefined;
  },
) {
  const breaker = new AbortController();
  let pending: ListedPhoto[] = [];
  let pendingLeftOut: { after: number; leftOut: LeftOut }[] = [];
  let last: Promise<void> = Promise.resolve();
  const flush = () => {
    if (pending.length + pendingLeftOut.length > 0) {
      const [batch, batchLeftOut] = [pending, pendingLeftOut];
      [pending, pendingLeftOut] = [[], []];
      // What is left out comes first: behind a photo that is durable, it is found again.
      last = last
        .then(mayWrite)
        .then(() => leftOut?.append(batchLeftOut))
        .then(() => (batch.length > 0 ? writer.append(batch) : undefined))
        .then(() => progress.advance(writer.end));
    }
    return last;
  };
  /** @returns what was written before */
  const flushSoon = () => {
    const before = last;
    flush().catch((error) => breaker.abort(error));
    return before;
  };
  const isFull = () => pending.length + pendingLeftOut.length >= photosPerFlush;
  const timer = setInterval(flushSoon, everyInMs);
  return {
    /** Aborted when a flush failed. */
    broken: breaker.signal,
    flush,
    flushSoon,
    /** A promise is to be awaited, so that no more than two batches are there. */
    add(photo: ListedPhoto): Promise<void> | undefined {
      pending.push(photo);
      return isFull() ? flushSoon() : undefined;
    },
    leaveOut(found: { after: number; leftOut: LeftOut }): Promise<void> | undefined {
      pendingLeftOut.push(found);
      return isFull() ? flushSoon() : undefined;
    },
    stop: () => clearInterval(timer),
  };
}
