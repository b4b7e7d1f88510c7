import { type JobsOptions, Queue } from 'bullmq';
import { keyPrefix, maxEvents } from './bullmq-settings.ts';
import type { BullmqStore } from './bullmq-store.ts';
import { exceptConnectionFaults } from './connection-fault.ts';

/** On Redis or on PostgreSQL. */
export type BullmqQueue = ReturnType<typeof openBullmqQueue>;

/** A BullMQ queue as all of rollcall's are. Looking at it leaves no trace: it comes into being with its first job. */
export function openBullmqQueue(options: {
  store: BullmqStore;
  name: string;
  defaultJobOptions?: JobsOptions;
  onError: (error: Error) => void;
}) {
  const { store, name, defaultJobOptions, onError } = options;
  const queue = new Queue(
    name,
    {
      connection: store.connection,
      prefix: keyPrefix,
      skipMetasUpdate: true,
      streams: { events: { maxLen: maxEvents } },
      ...(defaultJobOptions && { defaultJobOptions }),
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
