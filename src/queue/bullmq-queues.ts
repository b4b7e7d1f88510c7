import { type AdvancedRepeatOptions, type JobsOptions, Queue } from 'bullmq';
import { deadLetterQueueName, inBatches, keyPrefix, maxEvents } from './bullmq-settings.ts';
import type { BullmqContext } from './bullmq-store.ts';
import { exceptConnectionFaults } from './connection-fault.ts';
import type { DeadLetterQueue } from './queue.ts';
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
