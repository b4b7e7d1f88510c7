/**
 * For scripts: enqueue photos, work on runs, await a run and read its report. Everything takes the opened rollcall
 * first. See `scripts/enqueue-photos.ts` for an example that runs.
 */

export type { RunProgress } from './conductor/conductor.ts';
export { allowSubjects } from './erasure/allow-subjects.ts';
export { type ForgetEnd, type ForgetOptions, forgetSubjects } from './erasure/forget-subjects.ts';
export { FaultError, RollcallError, UsageError } from './errors.ts';
export type { Identification } from './identify/identification.ts';
export { type IdentifyEnd, identifySource } from './identify/identify-source.ts';
export { type OpenRollcallOptions, openRollcall, type Rollcall } from './open-rollcall.ts';
export { readRunReport } from './report/read-run-report.ts';
export { type ReportLine, reportLineSchema, type Status } from './report/record.ts';
export { type Summary, summarySchema } from './report/summary.ts';
export { type EnqueueOptions, enqueue, type GivenPhoto } from './run/enqueue.ts';
export { listRuns } from './run/list-runs.ts';
export { enqueueDeadLetters } from './run/retry-dead-letters.ts';
export { type RunHereOptions, runHere } from './run/run-here.ts';
export type { RunRecord } from './run/run-record.ts';
export { waitForRun } from './run/wait-for-run.ts';
export { type WorkHereOptions, workHere } from './run/work-here.ts';
export { type RunEvent, workOnAll } from './run/work-on-all.ts';
export type { RunEnd } from './run/work-on-run.ts';
export type { GivenSettings } from './settings/load-settings.ts';
export type { Settings } from './settings/schema.ts';
