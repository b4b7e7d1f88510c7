/** What all queues of rollcall have in common; measured unless it says otherwise. */

/** The first part of every key in Redis. What stands in braces decides a key's place in a Cluster: one place for all, as scripts need it. */
export const keyPrefix = '{rollcall}';

export const deadLetterQueueName = 'rollcall-dead-letters';

export function runQueueName(runId: string): string {
  return `rollcall-run-${runId}`;
}

export function scheduleQueueName(clockId: string): string {
  return `rollcall-schedules-${clockId}`;
}

/** A lower number goes first: a retry that is due goes ahead of photos that were not started. */
export const priorityOfPhoto = 2;
export const priorityOfRetry = 1;
/** Photos that were refused before any got through: each start tries others first. */
export const priorityOfSuspect = 3;

/** At 10,000 jobs a call blocks Redis for 1.4 s; below 1,000 nothing is gained. */
export const batchSize = 1_000;

export const workerTimes = {
  /** An event loop that was blocked for 6 s lost its locks at 5 s; at 10 s and at 30 s none. */
  lockDuration: 30_000,
  stalledInterval: 1_000,
  runRetryDelay: 1_000,
} as const;

/**
 * A photo whose worker is killed a few times is not at fault; one that took a hundred processes with it is: its job
 * fails, and its line says `crashed`.
 */
export const maxStalledCount = 100;

/** 0 would never trim; nobody reads these events. */
export const maxEvents = 1;

export function inBatches<T>(items: readonly T[], size = batchSize): T[][] {
  const batches: T[][] = [];
  for (let start = 0; start < items.length; start += size) batches.push(items.slice(start, start + size));
  return batches;
}
