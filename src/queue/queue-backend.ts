import { createDeadLetterQueue } from './bullmq-queues.ts';
import type { BullmqStore } from './bullmq-store.ts';
import { createClosers } from './closers.ts';
import { openPhotoWorker } from './photo-worker.ts';
import type { QueueBackend } from './queue.ts';
import { openQueueBoard } from './queue-board.ts';
import { openRunQueue } from './run-queue.ts';
import { openScheduleClock } from './schedule-clock.ts';

type Stores = Pick<QueueBackend, 'kind' | 'accounts' | 'leases' | 'callBudget' | 'presence'>;

/** A queue backend of the stores of a server, and of what BullMQ makes on it. */
export function createQueueBackend(
  stores: Stores & {
    store: BullmqStore;
    onError: (error: Error) => void;
    closeStore: () => Promise<void>;
  },
): QueueBackend {
  const { kind, accounts, leases, callBudget, presence, store, onError, closeStore } = stores;
  const closers = createClosers();
  closers.add(closeStore);
  const context = { store, onError, closers };
  let closing: Promise<void> | undefined;
  return {
    kind,
    accounts,
    leases,
    callBudget,
    presence,
    deadLetters: createDeadLetterQueue(context),
    openBoard: () => openQueueBoard(context),
    openRunQueue: (runId, options) => openRunQueue(context, runId, options),
    openWorker: (options) => openPhotoWorker(context, options),
    openScheduleClock: (options) => openScheduleClock(context, options),
    close() {
      closing ??= closers.closeAll();
      return closing;
    },
  };
}
