import type { AccountStore } from '../account/account-store.ts';
import type { LeaseStore } from '../account/lease-store.ts';
import type { CallBudget } from '../account/make-call.ts';
import type { PhotoJobData } from '../records/photo-job-data.ts';

/**
 * The queue of rollcall, on Redis, PostgreSQL or the embedded PostgreSQL: nothing outside this room knows BullMQ or which
 * store it is. The room's way begins in `openQueue`.
 */
export interface QueueBackend {
  readonly kind: 'embedded' | 'postgres' | 'redis';
  /** The queue of one run, for its conductor. `isNew`: nobody has added to it so far, so that nothing is looked for. */
  openRunQueue(runId: string, options?: { isNew?: boolean }): RunQueue;
  /** Takes part in the work of a run. */
  openWorker(options: OpenWorkerOptions): PhotoWorker;
  /** The clock of the schedules of one state; `clockId` distinguishes states that share a queue. */
  /** `nextTick` says when a schedule is due next: one place decides that for the queue and for all others. */
  openScheduleClock(options: { clockId: string; nextTick: NextTick }): ScheduleClock;
  readonly deadLetters: DeadLetterQueue;
  /** For people who want to see the queues themselves. */
  openBoard(): QueueBoard;
  readonly accounts: AccountStore;
  readonly leases: LeaseStore;
  readonly callBudget: CallBudget;
  readonly presence: PresenceStore;
  /** Closes what was opened, in reverse; an embedded server stops if no other process uses it. */
  close(): Promise<void>;
}

/** BullMQ's own queues, for a tool that shows queues to people. Looking at them leaves no trace. */
export interface QueueBoard {
  /** Those of runs, and the one of dead letters, each a `Queue` of BullMQ; queues of other runs are closed. */
  queuesOf(runIds: readonly string[]): readonly object[];
}

export interface PhotoJob {
  /** Run, seq and a hash of the manifest line; without a colon. */
  readonly id: string;
  readonly data: PhotoJobData;
  /** Of a photo that was in work: when its turn comes. Absent: behind those that wait. */
  readonly retry?: Omit<WorkAgain, 'data'>;
}

/**
 * All ids are those of photos, but for `FinishedJob.jobId`: whether a photo has a job of its own or shares a chunk with
 * others is known in here only. One process at a time, the run's conductor, adds and removes.
 */
export interface RunQueue {
  /**
   * Adds photos, in order, behind those whose retry is due; as jobs of so many (default: one), but for retries. A photo
   * that is in the queue already is left as it is.
   */
  add(photos: readonly PhotoJob[], photosPerJob?: number): Promise<void>;
  /** The photos of up to `limit` finished jobs, oldest first. They stay until they are removed. */
  finished(limit: number): Promise<FinishedJob[]>;
  /** Photos that have their outcome although the job that they share with others is not finished. */
  recorded(): Promise<FinishedJob[]>;
  /** Removes finished jobs; ids that are gone already are no error. */
  remove(jobIds: readonly string[]): Promise<void>;
  /** Ids of all photos in the queue, whatever their state. */
  ids(): Promise<Set<string>>;
  /**
   * For a store that lost a part of what it held. Of these photos' jobs, those whose content is still there are put back
   * where they belong: to the finished ones, to their worker, or to those that wait. The others are taken out whole.
   */
  repair(ids: readonly string[]): Promise<Repair>;
  /** These photos as they are now, tries included; ids that are gone are left out. */
  find(ids: readonly string[]): Promise<Map<string, FoundJob>>;
  counts(): Promise<JobCounts>;
  /** No new job is started by anybody until `resume`; running jobs go on. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Frees active jobs whose worker is dead, so that they are run again without waiting for their lock to expire. */
  adoptFrom(isDead: (workerName: string) => boolean): Promise<number>;
  /** Removes the queue with everything in it. */
  obliterate(): Promise<void>;
  close(): Promise<void>;
}

export interface Repair {
  /** How many jobs were put back. */
  readonly restored: number;
  /** Photos that the queue does not hold any more: they can be added again. */
  readonly lost: readonly string[];
}

export interface FoundJob {
  readonly data: unknown;
  /** A worker has it, or had it when it died. */
  readonly isActive: boolean;
}

/** In photos. */
export interface JobCounts {
  /** Those of a paused queue too. */
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly finished: number;
}

/** A photo whose job is finished. */
export interface FinishedJob {
  readonly id: string;
  /** What `remove` takes: the photo's own id, or that of the job that it shares with others. */
  readonly jobId: string;
  readonly data: unknown;
  /**
   * `failed`: the program failed, not the photo; `failedReason` says how. `left`: it has no outcome and is to be added as
   * a job of its own, with this data and `retry`, before the job that it shared is removed.
   */
  readonly state: 'completed' | 'failed' | 'left';
  readonly returnValue: unknown;
  readonly failedReason?: string;
  readonly retry?: Omit<WorkAgain, 'data'>;
}

export interface OpenWorkerOptions {
  readonly runId: string;
  /** Photos at once in this process. */
  readonly concurrency: number;
  /** `host:pid:start`, by which others see whether this process is still alive. */
  readonly workerName: string;
  readonly work: (job: PhotoJob, signal: AbortSignal) => Promise<WorkResult>;
  /** Faults of the connection, for the log; the worker goes on by itself. */
  readonly onError: (error: Error) => void;
}

/**
 * `outcome` finishes the job; `again` delays it with new data, ahead of photos not yet started or, where it is the last,
 * behind all others; `giveBack` returns it.
 */
export type WorkResult<Result = Readonly<Record<string, unknown>>> =
  | { readonly outcome: Result }
  | { readonly again: WorkAgain }
  | { readonly giveBack: true };

export interface WorkAgain {
  readonly delayInMs: number;
  readonly data: PhotoJobData;
  readonly isLast?: boolean;
}

export interface PhotoWorker {
  /** From now on so many photos at once; those that are at work stay. */
  setConcurrency(photos: number): void;
  /**
   * Starts no new job, waits for the running ones, aborts their signals at the deadline or, if that is sooner, when
   * `hurry` aborts; then they go back to the queue. Calls share one promise.
   */
  stop(options: { deadlineInMs: number; hurry?: AbortSignal }): Promise<void>;
}

/** The BullMQ queue `rollcall-dead-letters`: the latest dead letters, for people who watch BullMQ with other tools. */
export interface DeadLetterQueue {
  /** Keeps the latest 10,000. `id` makes adding the same one twice harmless. */
  add(letters: readonly { id: string; line: Readonly<Record<string, unknown>> }[]): Promise<void>;
  list(limit: number): Promise<Readonly<Record<string, unknown>>[]>;
}

/** A schedule as the clock needs it. `version` changes when the schedule is replaced. */
export interface ClockSchedule {
  readonly name: string;
  readonly cron: string;
  /** IANA name of the time zone. */
  readonly tz: string;
  readonly version: string;
}

/** The first time after `after` at which a cron expression is due; milliseconds since 1970. */
export type NextTick = (time: Pick<ClockSchedule, 'cron' | 'tz'>, after: number) => number;

export interface ClockEntry extends ClockSchedule {
  /** False if its next tick was lost, or is being handled just now: `put` creates it again. */
  readonly ticks: boolean;
}

/**
 * Says when schedules are due. It remembers nothing that counts: the state says which schedules there are and what came of
 * a tick, and the workers make the clock agree with it.
 */
export interface ScheduleClock {
  list(): Promise<ClockEntry[]>;
  /** Adds or replaces a schedule. A tick of it that is due and not handled yet is lost. */
  put(schedule: ClockSchedule): Promise<void>;
  /** Also its tick that is due and not handled yet; a schedule that is not there is no error. */
  remove(name: string): Promise<void>;
  /**
   * Handles ticks, one at a time. At least once: one whose worker died comes again. Ticks that were due while nobody
   * worked come as one, the first of them.
   */
  work(options: WorkTicksOptions): TickWorker;
  close(): Promise<void>;
}

export interface WorkTicksOptions {
  readonly workerName: string;
  /** `tick`: the time for which it comes, in milliseconds since 1970. */
  readonly onTick: (tick: { readonly name: string; readonly tick: number }) => Promise<void>;
  /** Faults of the connection, and what `onTick` threw. */
  readonly onError: (error: Error) => void;
}

export interface TickWorker {
  /** Begins no further tick and waits for the one that is being handled. Calls share one promise. */
  stop(): Promise<void>;
}

/**
 * The runs and workers on this queue, over all machines: registrations that expire, by the store's clock, unless they are
 * repeated. That fills a store that was wiped, too.
 */
export interface PresenceStore {
  /** Adds a registration, or replaces it. It holds no secret. */
  announce(request: {
    kind: 'run' | 'worker';
    name: string;
    registration: Readonly<Record<string, unknown>>;
    durationInMs: number;
  }): Promise<void>;
  withdraw(request: { kind: 'run' | 'worker'; name: string }): Promise<void>;
  /** The registrations of a kind that have not expired. */
  list(kind: 'run' | 'worker'): Promise<unknown[]>;
  /**
   * Calls `onRun` soon after a run was announced that was not registered before. It is a hint: one may get lost, above all
   * while the store is away. It waits at the store, over a connection of its own, and asks for nothing meanwhile.
   * @returns what ends it
   */
  watchRuns(onRun: () => void): () => Promise<void>;
}
