import type { AccountLock } from '../account/account-lock.ts';
import type { CallContext } from '../account/make-call.ts';
import type { Engine } from '../engines/engine.ts';
import type { ByteBudget } from '../photos/byte-budget.ts';
import type { PhotoBytes, PhotoProblem } from '../photos/photo.ts';
import type { ReadPhoto } from '../photos/read-within-budget.ts';
import type { WorkResult } from '../queue/queue.ts';
import type { PhotoJobData } from '../records/photo-job-data.ts';
import type { Outcome } from '../records/report/report-line.ts';
import type { RunSettings } from '../records/run-record.ts';
import type { S3Connection } from '../storage/s3/s3-connection.ts';
import type { Span } from '../util/span.ts';
import type { ForgottenContext } from './assert-not-forgotten.ts';
import type { ReadyPhoto } from './fetch-photo.ts';
import type { AttemptState } from './judge-reply.ts';
import type { Preflight } from './preflight/preflight.ts';
import type { SourceWatch } from './source-watch.ts';

/** What a worker needs to turn the photo jobs of one run into outcomes. */
export interface WorkContext extends CallContext, ForgottenContext {
  /** Aborted when this process drains: what waits for its call goes back, calls in flight go on. */
  readonly draining: AbortSignal;
  readonly settings: RunSettings;
  readonly engine: Engine;
  readonly readPhoto: ReadPhoto;
  /** The file that a reviewer gave in the photo's place. */
  readonly readUpload: (
    data: PhotoJobData,
    limitInBytes: number | undefined,
  ) => Promise<PhotoBytes | PhotoProblem>;
  readonly source: SourceWatch;
  /** Where addresses of objects are signed for an engine that fetches photos itself. */
  readonly s3: S3Connection;
  /** Of a run with `--preflight`. */
  readonly preflight?: Preflight | undefined;
  /** For the photos of the run that are in memory at a time. */
  readonly memory: ByteBudget;
  /** The whole address of a photo, with the signature that the job does not carry. */
  readonly addressOf: (data: PhotoJobData) => Promise<string>;
  /** Of the account; one photo at a time is between its identification and its enrollment. Absent: any number may be. */
  readonly accountLock?: AccountLock | undefined;
}

/** A photo that was read and prepared, in the hands of a worker. */
export interface PhotoTask {
  readonly data: PhotoJobData;
  readonly ready: ReadyPhoto;
  /** Under which it is enrolled. */
  readonly templateId: string;
  readonly context: WorkContext;
  /** Aborted when the job is taken away; ends a call, too. */
  readonly signal: AbortSignal;
  /** Aborted then, and when the process drains; ends what is waited for. */
  readonly leaving: AbortSignal;
  /** What was tried so far; brought up to date with every call, also one that was aborted. */
  tries: AttemptState;
  /** Of which everything that is done for it is a part. */
  readonly span?: Span | undefined;
}

/** What came of the work on a photo. */
export type PhotoResult = WorkResult<Outcome>;

/** The photo goes back to the queue with what was tried so far; `isLast`: behind all others. */
export const workAgain = (
  { data, tries }: Pick<PhotoTask, 'data' | 'tries'>,
  delayInMs: number,
  isLast = false,
): PhotoResult => ({ again: { delayInMs, data: { ...data, tries }, ...(isLast && { isLast }) } });
