import { inBatches, priorityOfPhoto, runQueueName } from './bullmq-settings.ts';
import type { BullmqStore } from './bullmq-store.ts';
import { beginQueue, openBullmqQueue } from './open-bullmq-queue.ts';
import type { FoundJob, PhotoJob, RunQueue } from './queue.ts';
import { storable } from './storable.ts';

const looksAtOnce = 20;

/** The queue of one run. Looking at it leaves no trace: a queue comes into being with its first job. */
export function openBullmqRunQueue(options: {
  store: BullmqStore;
  runId: string;
  onError: (error: Error) => void;
}): RunQueue {
  const { store } = options;
  const name = runQueueName(options.runId);
  const defaultJobOptions = { priority: priorityOfPhoto };
  const queue = openBullmqQueue({ store, name, defaultJobOptions, onError: options.onError });

  return {
    async add(jobs) {
      if (jobs.length === 0) return;
      await beginQueue(queue);
      for (const batch of inBatches(jobs)) await queue.addBulk(batch.map(toBullmqJob));
    },
    finished: (limit) => store.jobs.finished(name, limit),
    async remove(ids) {
      for (const batch of inBatches(ids)) await store.jobs.removeFinished(name, batch);
    },
    ids: async () => new Set(await store.jobs.ids(name)),
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
    counts: () => store.jobs.counts(name),
    async pause() {
      await beginQueue(queue);
      await queue.pause();
    },
    resume: () => queue.resume(),
    async adoptFrom(isDead) {
      const jobs = await store.jobs.active(name);
      const deadNames = new Set([...new Set(jobs.map((job) => job.workerName))].filter(isDead));
      const orphans = jobs.filter((job) => deadNames.has(job.workerName));
      let count = 0;
      for (const batch of inBatches(orphans)) count += await store.jobs.expireLocks(name, batch);
      return count;
    },
    async obliterate() {
      await queue.obliterate({ force: true });
      await store.jobs.removeRemains(name);
    },
    close: () => queue.close(),
  };
}

function toBullmqJob({ id, data }: PhotoJob) {
  return { name: 'photo', data: storable(data), opts: { jobId: id } };
}
