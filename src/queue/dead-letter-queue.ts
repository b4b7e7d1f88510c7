import { deadLetterQueueName, inBatches } from './bullmq-settings.ts';
import type { BullmqStore } from './bullmq-store.ts';
import { type BullmqQueue, beginQueue, openBullmqQueue } from './open-bullmq-queue.ts';
import type { DeadLetterQueue } from './queue.ts';
import { storable } from './storable.ts';

const keptLetters = 10_000;

/** Nobody works on this queue: its jobs wait, for people to look at. It is opened when it is first used. */
export function createDeadLetterQueue(
  store: BullmqStore,
  onError: (error: Error) => void,
): DeadLetterQueue & { close(): Promise<void> } {
  let opened: BullmqQueue | undefined;

  function open(): BullmqQueue {
    opened ??= openBullmqQueue({ store, name: deadLetterQueueName, onError });
    return opened;
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
      await store.jobs.keepLatest(deadLetterQueueName, keptLetters);
    },
    async list(limit) {
      const jobs = await open().getJobs(['waiting'], 0, limit - 1, false);
      return jobs.map((job) => job.data);
    },
    async close() {
      await opened?.close();
    },
  };
}
