import { createHash } from 'node:crypto';
import { isConnectionFault } from '../queue/connection-fault.ts';
import type { FinishedJob, PhotoJob } from '../queue/queue.ts';
import type { PlacedLine } from '../records/manifest.ts';
import { photoJobDataSchema } from '../records/photo-job-data.ts';
import {
  buildReportLine,
  type Outcome,
  outcomeSchema,
  type ReportLine,
} from '../records/report/report-line.ts';
import type { RunRecord } from '../records/run-record.ts';
import { redactAddress } from '../util/redact-address.ts';
import type { Tracing } from '../util/span.ts';
import { finishEnrolled } from '../worker/finish-outcome.ts';

type RunIdentity = Pick<RunRecord, 'id' | 'engine'>;

/** The job of a line of the manifest: its id is the same whoever makes it, so that queueing it again adds nothing. */
export function buildPhotoJob(run: string, placed: PlacedLine): PhotoJob {
  const { line, offset, sizeInBytes, known, otherFolder, verify } = placed;
  const { address, secret } = redactAddress(line.photo ?? '');
  const hash = createHash('sha256').update(JSON.stringify(line)).digest('hex').slice(0, 12);
  return {
    id: `${run}-${line.seq}-${hash}`,
    data: {
      run,
      seq: line.seq,
      subjectId: line.subjectId ?? '',
      photo: address,
      ...(secret && { manifestAt: { offset, sizeInBytes } }),
      ...(line.row !== undefined && { row: line.row }),
      ...(line.version !== undefined && { version: line.version }),
      ...(line.sizeInBytes !== undefined && { sizeInBytes: line.sizeInBytes }),
      ...(line.templateId !== undefined && { templateId: line.templateId }),
      ...(line.warnings !== undefined && { warnings: line.warnings }),
      ...(line.metadata !== undefined && { metadata: line.metadata }),
      ...(line.decided !== undefined && { decided: line.decided }),
      ...(known && { known }),
      ...(otherFolder && { otherFolder }),
      ...(verify && { verify }),
      queuedAt: new Date().toISOString(),
      tries: { attempts: 0, calls: 0, reads: 0, storedUnknown: false },
    },
  };
}

/** The same with a trace, where there are traces; one that is queued again goes on with its own. */
export function traced(job: PhotoJob, tracing: Tracing | undefined): PhotoJob {
  if (!tracing || job.data.traceparent !== undefined) return job;
  return { ...job, data: { ...job.data, traceparent: tracing.queued(job.data) } };
}

/** The report line of a photo that was settled without a job. */
export function buildSettledLine(
  { id: run, engine }: RunIdentity,
  placed: PlacedLine,
  outcome: Outcome,
): ReportLine {
  const { photo } = placed.line;
  const address = photo === undefined ? undefined : redactAddress(photo).address;
  // A literal that begins with a spread costs Node.js 20 twenty times as much, and what reads it as well.
  return buildReportLine({ run, engine, ...placed.line, photo: address }, outcome);
}

/**
 * The job of a photo that goes on: one that was left without an outcome, or whose outcome could not be stored: a fault of
 * the store, for which no photo is charged. A call may have been made then. undefined: it is over.
 */
export function jobToRepeat({ id, data, state, failedReason, retry }: FinishedJob): PhotoJob | undefined {
  const isLost = state === 'failed' && isConnectionFault(new Error(failedReason));
  if (!isLost && state !== 'left') return undefined;
  const parsed = photoJobDataSchema.safeParse(data);
  if (!parsed.success) return undefined;
  const { tries } = parsed.data;
  if (isLost) return { id, data: { ...parsed.data, tries: { ...tries, storedUnknown: true } } };
  return { id, data: parsed.data, ...(retry && { retry }) };
}

/**
 * The report line of a finished job, or undefined if the job does not belong to this run. A job that the program
 * failed is `failed` with kind `crashed`: it is never a missing line.
 */
export function buildFinishedLine(
  { id: run, engine }: RunIdentity,
  job: FinishedJob,
): ReportLine | undefined {
  const data = photoJobDataSchema.safeParse(job.data);
  if (!data.success || data.data.run !== run || job.state === 'left') return undefined;
  const outcome = outcomeSchema.safeParse(job.returnValue);
  if (job.state === 'completed' && outcome.success) {
    return buildReportLine({ engine, ...data.data }, outcome.data);
  }
  const { attempts, calls, identifications, enrolled } = data.data.tries;
  if (enrolled) return buildReportLine({ engine, ...data.data }, finishEnrolled(enrolled, data.data.tries));
  return buildReportLine(
    { engine, ...data.data },
    {
      status: 'failed',
      stored: 'unknown',
      attempts,
      ...(calls > attempts && { calls }),
      ...(identifications && { identifications }),
      error: {
        kind: 'crashed',
        message: `the program failed: ${job.failedReason ?? 'its outcome cannot be read'}`.slice(0, 500),
      },
      finishedAt: new Date().toISOString(),
    },
  );
}
