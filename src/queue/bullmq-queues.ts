import { type AdvancedRepeatOptions, type JobsOptions, Queue } from 'bullmq';
import {
  deadLetterQueueName,
  inBatches,
  keyPrefix,
  maxEvents,
  priorityOfPhoto,
  runQueueName,
} from './bullmq-settings.ts';
import type { BullmqContext } from './bullmq-store.ts';
import { exceptConnectionFaults } from './connection-fault.ts';
import type { DeadLetterQueue, FoundJob, PhotoJob, Repair, RunQueue } from './queue.ts';
import { storable } from './storable.ts';

/** On Redis or on PostgreSQL. */
export type BullmqQueue = ReturnType<typeof openBullmqQueue>;

/** A BullMQ queue as all of rollcall's are. Looking at it leaves no trace: it comes into being with its first job. */
export function openBullmqQueue(
  { store, onError }: BullmqContext,
  {
    name,
    defaultJobOptions,
    settings,
  }: { name: string; defaultJobOptions?: JobsOptions; settings?: AdvancedRepeatOptions },
) {
  const queue = new Queue(
    name,
    {
      connection: store.connection,
      prefix: keyPrefix,
      skipMetasUpdate: true,
      streams: { events: { maxLen: maxEvents } },
      ...(defaultJobOptions && { defaultJobOptions }),
      ...(settings && { settings }),
    },
    store.backendFactory,
  );
  queue.on('error', exceptConnectionFaults(onError));
  return queue;
}

/**
 * To be called before anything is put into a queue. Without it a store that was wiped would keep 10,000 events; and by its
 * `version` a queue is known to live.
 */
export function beginQueue(queue: BullmqQueue): Promise<unknown> {
  return queue.getBackend().setQueueMeta(queue.metaValues);
}

const looksAtOnce = 20;

/** The queue of one run: BullMQ's own, and for what BullMQ cannot do, the store's job table. */
export function openRunQueue(context: BullmqContext, runId: string): RunQueue {
  const { jobs } = context.store;
  const name = runQueueName(runId);
  const queue = openBullmqQueue(context, { name, defaultJobOptions: { priority: priorityOfPhoto } });

  return {
    async add(photoJobs) {
      if (photoJobs.length === 0) return;
      await beginQueue(queue);
      for (const batch of inBatches(photoJobs)) await queue.addBulk(batch.map(toBullmqJob));
    },
    finished: (limit) => jobs.finished(name, limit),
    async remove(ids) {
      for (const batch of inBatches(ids)) await jobs.removeFinished(name, batch);
    },
    ids: async () => new Set(await jobs.ids(name)),
    async repair(ids) {
      const repairs: Repair[] = [];
      for (const batch of inBatches(ids)) repairs.push(await jobs.repair(name, batch));
      return {
        restored: repairs.reduce((sum, { restored }) => sum + restored, 0),
        lost: repairs.flatMap(({ lost }) => lost),
      };
    },
    async find(ids) {
      const found = new Map<string, FoundJob>();
      for (const batch of inBatches(ids, looksAtOnce)) {
        const looks = batch.map(async (id) => {
          const job = await queue.getJob(id);
          if (job) found.set(id, { data: job.data, isActive: (await job.getState()) === 'active' });
        });
        await Promise.all(looks);
      }
      return found;
    },
    counts: () => jobs.counts(name),
    async pause() {
      await beginQueue(queue);
      await queue.pause();
    },
    resume: () => queue.resume(),
    async adoptFrom(isDead) {
      const active = await jobs.active(name);
      const deadNames = new Set([...new Set(active.map((job) => job.workerName))].filter(isDead));
      const orphans = active.filter((job) => deadNames.has(job.workerName));
      let count = 0;
      for (const batch of inBatches(orphans)) count += await jobs.expireLocks(name, batch);
      return count;
    },
    async obliterate() {
      await queue.obliterate({ force: true });
      await jobs.removeRemains(name);
    },
    close: context.closers.add(() => queue.close()),
  };
}

function toBullmqJob({ id, data }: PhotoJob) {
  return { name: 'photo', data: storable(data), opts: { jobId: id } };
}

const keptLetters = 10_000;

/** Nobody works on this queue: its jobs wait, for people to look at. It is opened when it is first used. */
export function createDeadLetterQueue(context: BullmqContext): DeadLetterQueue {
  let opened: BullmqQueue | undefined;

  function open(): BullmqQueue {
    if (opened) return opened;
    const queue = openBullmqQueue(context, { name: deadLetterQueueName });
    context.closers.add(() => queue.close());
    opened = queue;
    return queue;
  }

  return {
    async add(letters) {
      if (letters.length === 0) return;
      const queue = open();
      await beginQueue(queue);
      for (const batch of inBatches(letters)) {
        await queue.addBulk(
          batch.map(({ id, line }) => ({ name: 'dead-letter', data: storable(line), opts: { jobId: id } })),
        );
      }
      await context.store.jobs.keepLatest(deadLetterQueueName, keptLetters);
    },
    async list(limit) {
      const jobs = await open().getJobs(['waiting'], 0, limit - 1, false);
      return jobs.map((job) => job.data);
    },
  };
}
