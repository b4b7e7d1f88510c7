/**
 * For scripts: enqueue photos, work on runs, await a run and read its report. Everything takes the opened rollcall
 * first. See `scripts/examples/enqueue-photos.ts` for an example that runs.
 */

export type { RunEnd, RunProgress } from './conductor/conducting.ts';
export type { GivenSettings, Settings } from './engines/settings.ts';
export { type ReportLine, reportLineSchema, type Status } from './records/report/report-line.ts';
export type { RunRecord } from './records/run-record.ts';
export { type Summary, summarySchema } from './records/summary.ts';
export { type UndoLine, undoLineSchema } from './records/undo/undo-line.ts';
export { type AuditEnd, type AuditOptions, audit } from './runs/audit/audit.ts';
export { enqueueRepairs, finishRepairs, type Repair } from './runs/audit/repair.ts';
export { type EnqueueOptions, enqueue } from './runs/enqueue.ts';
export type { ForgetEnd, ForgetOptions } from './runs/erasure/forget-contract.ts';
export { allowSubjects } from './runs/erasure/forget-list.ts';
export { forgetSubjects } from './runs/erasure/forget-subjects.ts';
export type { GivenPhoto } from './runs/given-photo.ts';
export type { Identification } from './runs/identify/identify-one.ts';
export { type IdentifyEnd, identifySource } from './runs/identify/identify-source.ts';
export type { GivenPicture } from './runs/inbox/check-photo.ts';
export type { AddOptions, Inbox } from './runs/inbox/inbox.ts';
export { InboxError, type InboxErrorKind } from './runs/inbox/inbox-error.ts';
export { closeInbox, type OpenInboxOptions, openInbox } from './runs/inbox/open-inbox.ts';
export type { TakenPhoto } from './runs/inbox/plan.ts';
export { listRuns, readRunReport, waitForRun } from './runs/look-at-runs.ts';
export { type OpenRollcallOptions, openRollcall, type Rollcall } from './runs/open-rollcall.ts';
export { enqueueDeadLetters } from './runs/review/retry-dead-letters.ts';
export {
  /** @deprecated The former name of `RunInProcessOptions`. */
  type RunInProcessOptions as RunHereOptions,
  type RunInProcessOptions,
  runInProcess /** @deprecated The former name of `runInProcess`. */,
  runInProcess as runHere /** @deprecated The former name of `WorkInProcessOptions`. */,
  type WorkInProcessOptions as WorkHereOptions,
  type WorkInProcessOptions,
  workInProcess /** @deprecated The former name of `workInProcess`. */,
  workInProcess as workHere,
} from './runs/run-in-process.ts';
export type { UndoCounts } from './runs/undo/undo-counts.ts';
export { previewUndo, type UndoEnd, type UndoOptions, undoRun } from './runs/undo/undo-run.ts';
export { sendOutcomes } from './runs/webhook/send-outcomes.ts';
export { type RunEvent, workOnAll } from './runs/work-on-all.ts';
export { FaultError, RollcallError, UsageError } from './util/errors.ts';
