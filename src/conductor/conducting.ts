import type { Logger } from 'pino';
import type { QueueBackend } from '../queue/queue.ts';
import type { Canary } from '../records/canary.ts';
import type { Money } from '../records/money.ts';
import type { Status } from '../records/report/report-line.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { Summary } from '../records/summary.ts';
import type { Source } from '../sources/source.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import type { Tracing } from '../util/span.ts';

/** How a process's part in a run ended. */
export type RunEnd = { readonly runId: string } & PartEnd;

type PartEnd =
  | { readonly kind: 'over'; readonly summary: Summary }
  | { readonly kind: 'paused'; readonly waitsFor: string }
  | { readonly kind: 'interrupted' };

/** The same for a conductor; `held`: another process conducts this run. */
export type ConductEnd = PartEnd | { readonly kind: 'held' };

export interface ConductOptions {
  readonly state: StateStore;
  readonly backend: QueueBackend;
  readonly runId: string;
  readonly openSource: (record: RunRecord) => Promise<Source>;
  readonly processName: string;
  /** Photos in flight at most: queued and not yet collected. */
  readonly window: number;
  /** The same for a run whose rate is changed while it goes on. Default: as before. */
  readonly windowOf?: (record: RunRecord) => number;
  /** Photos that share a job, at most. Default: each has its own. */
  readonly photosPerJob?: number;
  /** This process's worker of the run. `stop` starts nothing new and waits for the calls in flight. */
  readonly work: { start(): void; stop(): Promise<void> };
  /** Drains and leaves the run to be resumed. */
  readonly signal: AbortSignal;
  /** Whether a run that is paused goes on by being taken. Default: true. */
  readonly mayResume?: boolean;
  readonly onProgress: (progress: RunProgress) => void;
  readonly log: Logger;
  /** Absent: nobody could start another run, and none is proposed where the set-up seems wrong. */
  readonly commandInstead?: CommandInstead;
  readonly tracing?: Tracing | undefined;
  /** How often the conductor looks for what the queue has lost. Default: 30 s. */
  readonly reconcileEveryInMs?: number;
}

/** The command that starts another run in place of one, with these changes: to be copied, without secrets. */
export type CommandInstead = (
  record: RunRecord,
  changes: Partial<Pick<RunRecord['settings'], 'idFrom' | 'allowOutside' | 'replace'>>,
) => string;

export interface RunProgress {
  readonly listed: number;
  readonly listingEnded: boolean;
  readonly done: number;
  readonly deadLetters: number;
  readonly retries: number;
  /** Of photos that are done, by whichever process. */
  readonly calls: number;
  /** Photos that are done; empty where another process conducts the run. */
  readonly byStatus: Readonly<Partial<Record<Status, number>>>;
  /** Those with an error, by the engine's code, else by the kind of the error. */
  readonly byCode: Readonly<Record<string, number>>;
  /** Of a run whose calls have a price. */
  readonly money?: Money | undefined;
  /** Of a run with `--canary`. */
  readonly canary?: Canary | undefined;
}
