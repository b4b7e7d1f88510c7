import type { BackendFactory, ConnectionOptions, IQueueBackend } from 'bullmq';
import type { FoundChunk } from './chunk.ts';
import type { Closers } from './closers.ts';
import type { JobCounts, Repair } from './queue.ts';

/** What everything that is opened on a queue has in common. */
export interface BullmqContext {
  readonly store: BullmqStore;
  readonly closers: Closers;
  readonly onError: (error: Error) => void;
}

/** What a backend hands to BullMQ's classes, and what it does beside them. */
export interface BullmqStore {
  readonly connection: ConnectionOptions;
  readonly backendFactory: BackendFactory<IQueueBackend>;
  readonly jobs: JobTable;
  /** Makes room for the connection that a worker keeps for itself; call what it returns when the worker is closed. */
  makeRoomForWorker(): () => void;
}

/**
 * What BullMQ cannot do, or not fast enough, done on its own tables and keys. It knows the inside of the BullMQ
 * version that is installed; the conformance tests hold it to that.
 */
export interface JobTable {
  finished(queueName: string, limit: number): Promise<FinishedRow[]>;
  /** The chunks in a queue, with their records. `which`: those that a worker has, or all, also where they lost their place. */
  chunks(queueName: string, which: 'active' | 'all'): Promise<FoundChunk[]>;
  /** Adds lines to what is recorded of jobs; jobs that are gone are left out. */
  record(queueName: string, lines: readonly { readonly id: string; readonly line: string }[]): Promise<void>;
  /** Removes those of the jobs that are finished. */
  removeFinished(queueName: string, ids: readonly string[]): Promise<void>;
  /** In photos. */
  counts(queueName: string): Promise<JobCounts>;
  ids(queueName: string): Promise<string[]>;
  /** Those of the ids of which there is a job, also one that has lost its place. */
  existing(queueName: string, ids: readonly string[]): Promise<string[]>;
  repair(queueName: string, ids: readonly string[]): Promise<Repair>;
  active(queueName: string): Promise<ActiveJob[]>;
  /** Makes BullMQ's next sweep, which comes at once, take these jobs for stalled, if they are still held as given. */
  expireLocks(queueName: string, jobs: readonly ActiveJob[]): Promise<number>;
  /** Removes what workers that were still open left behind after their queue was obliterated. */
  removeRemains(queueName: string): Promise<void>;
  /** Of a queue that nobody works on, removes all but the latest. */
  keepLatest(queueName: string, count: number): Promise<void>;
}

export interface FinishedRow {
  readonly id: string;
  readonly data: unknown;
  readonly state: 'completed' | 'failed';
  readonly returnValue: unknown;
  readonly failedReason?: string;
  /** Of a chunk. */
  readonly records: readonly string[];
}

export interface ActiveJob {
  readonly id: string;
  readonly workerName: string;
}
