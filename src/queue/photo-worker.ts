import { DelayedError, type Job, WaitingError, Worker } from 'bullmq';
import pLimit from 'p-limit';
import { type PhotoJobData, photoJobDataSchema } from '../records/photo-job-data.ts';
import { withinTime } from '../util/time-limit.ts';
import {
  keyPrefix,
  maxStalledCount,
  priorityOfRetry,
  priorityOfSuspect,
  runQueueName,
  workerTimes,
} from './bullmq-settings.ts';
import type { BullmqContext } from './bullmq-store.ts';
import { type ChunkEnd, isChunk, photosOfChunk } from './chunk.ts';
import { isConnectionFault } from './connection-fault.ts';
import { holdPhotos } from './held-photos.ts';
import type { OpenWorkerOptions, PhotoJob, PhotoWorker, WorkAgain, WorkResult } from './queue.ts';
import { restAfterFaults } from './rest-after-faults.ts';
import { createResultRecorder } from './result-recorder.ts';
import { storable, storableError } from './storable.ts';

/** How long work that was aborted may take to go back to the queue, and how long the connection to close. */
const afterAbortInMs = 800;
const closingInMs = 400;
/** How long the store may take to put down what is done, and to take back what is not; a store that is away never does. */
const storingInMs = 2_000;

/**
 * Works on the photos of one run. States: working → stopping (no new job; those that still arrive go back) → aborting
 * (at the deadline: signals abort, jobs go back) → closed.
 */
export function openPhotoWorker({ store, closers }: BullmqContext, options: OpenWorkerOptions): PhotoWorker {
  const name = runQueueName(options.runId);
  const running = new Set<Promise<unknown>>();
  /** Of those that run, the part before anything is stored. */
  const calls = new Set<Promise<unknown>>();
  const leaveRoom = store.makeRoomForWorker();
  let stopping: Promise<void> | undefined;

  /** Of all photos that this process holds, so many are at work. */
  const places = pLimit(options.concurrency);
  const record = createResultRecorder((lines) => store.jobs.record(name, lines));

  // BullMQ hands a signal over only where three parameters are declared.
  async function process(job: Job, token: string | undefined, signal: AbortSignal | undefined) {
    const task = workOn(job, token, signal ?? new AbortController().signal);
    running.add(task);
    return task.finally(() => {
      running.delete(task);
      held.jobDone(job);
    });
  }

  async function workOn(job: Job, token: string | undefined, signal: AbortSignal): Promise<unknown> {
    if (isChunk(job.id ?? '')) return workOnChunk(job, signal);
    const result = await places(() => tryWork(() => ({ id: job.id ?? '', data: dataOf(job) }), signal));
    if ('outcome' in result) return storable(result.outcome);
    if ('again' in result) return putOff(job, token, result.again);
    return giveBack(job, token);
  }

  /** A photo keeps its place until its result is stored: who dies repeats no more calls than may be made at once. */
  async function workOnChunk(job: Job, signal: AbortSignal): Promise<ChunkEnd> {
    if (wasBegun(job)) return {};
    let results = 0;
    const workOnPhoto = async ({ id, data }: PhotoJob, at: number) => {
      const result = await resultOf(() => ({ id, data: photoJobDataSchema.parse(data) }), signal);
      if (result) {
        results += 1;
        // One that cannot be stored is missed by who collects: `results` says so.
        await record(job.id ?? '', { at, ...result }).catch((error) => {
          if (!isExpected(error)) options.onError(error);
        });
      }
      held.photoDone(job);
    };
    await Promise.all(photosOfChunk(job.data).map((photo, at) => places(() => workOnPhoto(photo, at))));
    return { results };
  }

  async function resultOf(open: () => PhotoJob, signal: AbortSignal) {
    try {
      const result = await tryWork(open, signal);
      return 'giveBack' in result ? undefined : result;
    } catch (error) {
      return { failed: (error as Error).message };
    }
  }

  async function tryWork(open: () => PhotoJob, signal: AbortSignal): Promise<WorkResult> {
    if (stopping !== undefined || signal.aborted) return { giveBack: true };
    const call = (async () => options.work(open(), signal))();
    calls.add(call);
    try {
      return await call;
    } catch (error) {
      if (signal.aborted) return { giveBack: true };
      throw storableError(error);
    } finally {
      calls.delete(call);
    }
  }

  /** A move fails where the lock is lost: then another worker has the job, and there is nothing to repair. */
  async function moving(move: () => Promise<unknown>): Promise<void> {
    try {
      await move();
    } catch (error) {
      if (!(error instanceof Error) || !isExpected(error)) throw storableError(error);
    }
  }

  async function putOff(job: Job, token: string | undefined, again: WorkAgain) {
    const priority = again.isLast ? priorityOfSuspect : priorityOfRetry;
    await moving(async () => {
      await job.updateData(storable(again.data));
      if (job.priority !== priority) await job.changePriority({ priority });
      // PostgreSQL takes whole milliseconds only.
      await job.moveToDelayed(Date.now() + Math.ceil(again.delayInMs), token);
    });
    throw new DelayedError();
  }

  async function giveBack(job: Job, token: string | undefined): Promise<never> {
    await moving(() => job.moveToWait(token));
    throw new WaitingError();
  }

  const worker = new Worker(
    name,
    process,
    {
      connection: store.connection,
      prefix: keyPrefix,
      name: options.workerName,
      concurrency: options.concurrency,
      maxStalledCount,
      ...workerTimes,
    },
    store.backendFactory,
  );
  const held = holdPhotos(worker, options.concurrency);
  const endRest = restAfterFaults(worker, { isExpected, onError: options.onError });
  // Another worker may have the job by now; BullMQ leaves ours running.
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) worker.cancelJob(id, 'the lock on this job was lost');
  });

  async function stop(deadlineInMs: number, hurry: AbortSignal | undefined): Promise<void> {
    endRest();
    // What still arrives goes back; a store that is away would not let the worker pause.
    const paused = worker.pause(true).catch(() => undefined);
    let isIdle =
      (await settled(calls, deadlineInMs, hurry)) &&
      (await settled([paused, ...running], storingInMs, hurry));
    if (!isIdle) {
      worker.cancelAllJobs('the worker stops');
      isIdle = await settled(running, afterAbortInMs);
    }
    await settled([worker.close(!isIdle)], closingInMs);
    leaveRoom();
    if (isIdle) await settled([store.jobs.removeRemains(name)], closingInMs);
  }

  const close = closers.add(() => {
    stopping ??= stop(0, undefined);
    return stopping;
  });

  return {
    setConcurrency(photos) {
      places.concurrency = photos;
      held.setMost(photos);
    },
    stop({ deadlineInMs, hurry }) {
      stopping ??= stop(deadlineInMs, hurry);
      return close();
    },
  };
}

/** A chunk is begun once; another process that had it may have died, or may still be at work. */
const wasBegun = (job: Job) => job.stalledCounter > 0 || job.attemptsStarted > 1;

/** A worker that died with the job may have made a call whose reply was never read. */
function dataOf(job: Job): PhotoJobData {
  const data = photoJobDataSchema.parse(job.data);
  return job.stalledCounter > 0 ? { ...data, tries: { ...data.tries, storedUnknown: true } } : data;
}

/**
 * Faults of the connection are reported by the connection itself, once an outage. A negative code is BullMQ's way to refuse
 * what comes late: the job's lock was lost, or its end was stored although the reply was lost.
 */
function isExpected(error: Error): boolean {
  const code = 'code' in error ? error.code : undefined;
  return isConnectionFault(error) || (typeof code === 'number' && code < 0);
}

/** Whether all of them came to an end in time, and before `hurry` aborted. */
function settled(
  tasks: Iterable<Promise<unknown>>,
  limitInMs: number,
  hurry?: AbortSignal,
): Promise<boolean> {
  const all = Promise.allSettled([...tasks]).then(() => true);
  return withinTime(all, { limitInMs, signal: hurry }).catch(() => false);
}
