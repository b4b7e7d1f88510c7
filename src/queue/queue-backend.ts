import type { AccountStore } from '../account/account-store.ts';
import type { CallBudget } from '../account/call-budget.ts';
import type { LeaseStore } from '../account/lease-store.ts';
import type { BullmqStore } from './bullmq-store.ts';
import { createDeadLetterQueue } from './dead-letter-queue.ts';
import { openBullmqWorker } from './photo-worker.ts';
import type { PresenceStore, QueueBackend } from './queue.ts';
import { openBullmqRunQueue } from './run-queue.ts';
import { openBullmqScheduleClock } from './schedule-clock.ts';

/** Puts the door together out of what a store brings. */
export function createQueueBackend(parts: {
  kind: QueueBackend['kind'];
  store: BullmqStore;
  accounts: AccountStore;
  leases: LeaseStore;
  callBudget: CallBudget;
  presence: PresenceStore;
  onError: (error: Error) => void;
  closeStore: () => Promise<void>;
}): QueueBackend {
  const { store } = parts;
  const deadLetters = createDeadLetterQueue(store, parts.onError);
  /** Closed in reverse; what was closed by its owner is closed twice, harmlessly. */
  const closers: (() => Promise<void>)[] = [parts.closeStore, deadLetters.close];
  let closing: Promise<void> | undefined;

  function closeWithBackend(close: () => Promise<void>): () => void {
    closers.push(close);
    return () => {
      const index = closers.indexOf(close);
      if (index >= 0) closers.splice(index, 1);
    };
  }

  async function closeAll(): Promise<void> {
    const faults: unknown[] = [];
    for (const close of [...closers].reverse()) await close().catch((fault: unknown) => faults.push(fault));
    if (faults.length > 0) throw faults[0];
  }

  return {
    kind: parts.kind,
    deadLetters,
    accounts: parts.accounts,
    leases: parts.leases,
    callBudget: parts.callBudget,
    presence: parts.presence,
    openRunQueue(runId) {
      const queue = openBullmqRunQueue({ store, runId, onError: parts.onError });
      const forget = closeWithBackend(queue.close);
      return {
        ...queue,
        async close() {
          forget();
          await queue.close();
        },
      };
    },
    openWorker(options) {
      const worker = openBullmqWorker(store, options);
      const forget = closeWithBackend(() => worker.stop({ deadlineInMs: 0 }));
      return {
        async stop(options) {
          await worker.stop(options);
          forget();
        },
      };
    },
    openScheduleClock(clockId) {
      const clock = openBullmqScheduleClock({ store, clockId, onError: parts.onError });
      const forget = closeWithBackend(clock.close);
      return {
        ...clock,
        work(options) {
          const worker = clock.work(options);
          const forgetWorker = closeWithBackend(worker.stop);
          return {
            async stop() {
              await worker.stop();
              forgetWorker();
            },
          };
        },
        async close() {
          forget();
          await clock.close();
        },
      };
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}
