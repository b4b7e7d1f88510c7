import { z } from 'zod';
import type { Warning } from '../../util/warning.ts';

export const reportSchemaName = 'rollcall.report/1';

export const statuses = ['enrolled', 'rejected', 'failed', 'duplicate', 'skipped', 'cancelled'] as const;
export type Status = (typeof statuses)[number];

export const errorKinds = [
  'rejected',
  'unavailable',
  'photo',
  'manifest',
  'collision',
  'preflight',
  'implausible',
  'crashed',
] as const;

const errorSchema = z.object({
  kind: z.enum(errorKinds),
  /** The engine's own code, or `check-liveness`, `check-deepfake`. */
  code: z.string().optional(),
  message: z.string(),
  httpStatus: z.number().optional(),
  reasons: z.array(z.string()).optional(),
});

const matchSchema = z.object({ templateId: z.string(), similarity: z.number() });

/** Whether an enrolled photo was identified as its own template, at the run's threshold or above. */
const verificationSchema = z.object({
  matched: z.boolean(),
  /** Of the template that the last identification gave, whichever it was; absent: it gave none. */
  similarity: z.number().optional(),
  /** The template that was found instead of the photo's own. */
  templateId: z.string().optional(),
});

/** Any text is read: a report may be of another version. */
export const warningSchema = z.custom<Warning>((value) => typeof value === 'string');

/** The one final result of a photo in a run; also what a photo job returns. */
export const outcomeSchema = z.object({
  status: z.enum(statuses),
  /** What the engine holds afterwards. */
  stored: z.enum(['yes', 'no', 'unknown']).optional(),
  reason: z.enum(['unchanged', 'repeated', 'forgotten', 'rejected-before']).optional(),
  error: errorSchema.optional(),
  templateId: z.string().optional(),
  /** With `--undoable`: whether the engine held a template under the id before the first call. Absent: it did not say. */
  replaced: z.enum(['none', 'some']).optional(),
  /** Where the engine answered with another id than the one that was sent; `templateId` is the one that is believed. */
  templateIds: z.object({ sent: z.string(), returned: z.string() }).optional(),
  /** ISO time at which the engine stored a photo that is `unchanged` since. */
  enrolledAt: z.string().optional(),
  transactionId: z.string().optional(),
  /** Of a duplicate: the other template that the person was found under. */
  match: matchSchema.optional(),
  verification: verificationSchema.optional(),
  /** Calls of the enroll endpoint that were charged. */
  attempts: z.number().int().optional(),
  /** All calls made, where throttling, a refusal or identifications made them more than `attempts`. */
  calls: z.number().int().optional(),
  /** Those of `calls` that identified. */
  identifications: z.number().int().optional(),
  version: z.string().optional(),
  sizeInBytes: z.number().optional(),
  /** Hex, of the original bytes. */
  sha256: z.string().optional(),
  finishedAt: z.string(),
  /** From the job's first start to its outcome. */
  durationInMs: z.number().optional(),
  checks: z
    .record(z.string(), z.object({ score: z.number().nullable(), fine: z.boolean().nullable() }))
    .optional(),
  quality: z.record(z.string(), z.unknown()).optional(),
  face: z.record(z.string(), z.unknown()).optional(),
  warnings: z.array(warningSchema).optional(),
});
export type Outcome = z.infer<typeof outcomeSchema>;

const {
  version,
  status,
  stored,
  reason,
  error,
  templateId,
  replaced,
  templateIds,
  enrolledAt,
  transactionId,
  match,
  verification,
  attempts,
  calls,
  identifications,
  sizeInBytes,
  sha256,
} = outcomeSchema.shape;

/** One line of `report.jsonl`. The order of the keys is the order in which a parsed line is written again. */
export const reportLineSchema = z.object({
  schema: z.literal(reportSchemaName),
  run: z.string(),
  /** Place in the manifest, from 1. */
  seq: z.number().int().positive(),
  /** Row of the CSV or JSONL manifest, from 1. */
  row: z.number().int().optional(),
  subjectId: z.string().optional(),
  /** Without signature or password. */
  photo: z.string().optional(),
  ...{ version, status, stored, reason, error },
  engine: z.string(),
  ...{ templateId, replaced, templateIds, enrolledAt, transactionId, match, verification },
  ...{ attempts, calls, identifications, sizeInBytes, sha256 },
  queuedAt: z.string().optional(),
  ...outcomeSchema.shape,
  metadata: z.record(z.string(), z.string()).optional(),
});
export type ReportLine = z.infer<typeof reportLineSchema>;

/** Photos that need attention: they are in the archive and not enrolled. */
const deadLetterStatuses = ['rejected', 'failed', 'duplicate'] as const satisfies readonly Status[];

export const isDeadLetter = ({ status }: { status: Status }) =>
  (deadLetterStatuses as readonly Status[]).includes(status);

export const countDeadLetters = (byStatus: Readonly<Partial<Record<Status, number>>>) =>
  deadLetterStatuses.reduce((sum, status) => sum + (byStatus[status] ?? 0), 0);

/** The photo that a line is about: what the line says besides the outcome. The address is already free of secrets. */
export interface ReportedPhoto {
  readonly run: string;
  readonly engine: string;
  readonly seq: number;
  readonly row?: number | undefined;
  readonly subjectId?: string | undefined;
  readonly photo?: string | undefined;
  readonly version?: string | undefined;
  /** The manifest's; an outcome's takes precedence. */
  readonly templateId?: string | undefined;
  readonly sizeInBytes?: number | undefined;
  readonly queuedAt?: string | undefined;
  /** What was odd in the list; an outcome's come behind. */
  readonly warnings?: readonly Warning[] | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/**
 * The report line of a photo, its fields in the documented order; what does not apply is absent. Field by field, since this
 * runs for each of millions of photos: a loop over names takes four times as long.
 */
export function buildReportLine(photo: ReportedPhoto, outcome: Outcome): ReportLine {
  const line: LineInMaking = { schema: reportSchemaName, run: photo.run, seq: photo.seq };
  const version = outcome.version ?? photo.version;
  const templateId = outcome.templateId ?? photo.templateId;
  const sizeInBytes = outcome.sizeInBytes ?? photo.sizeInBytes;
  if (photo.row !== undefined) line.row = photo.row;
  if (photo.subjectId !== undefined) line.subjectId = photo.subjectId;
  if (photo.photo !== undefined) line.photo = photo.photo;
  if (version !== undefined) line.version = version;
  line.status = outcome.status;
  if (outcome.stored !== undefined) line.stored = outcome.stored;
  if (outcome.reason !== undefined) line.reason = outcome.reason;
  if (outcome.error !== undefined) line.error = outcome.error;
  line.engine = photo.engine;
  if (templateId !== undefined) line.templateId = templateId;
  if (outcome.replaced !== undefined) line.replaced = outcome.replaced;
  if (outcome.templateIds !== undefined) line.templateIds = outcome.templateIds;
  if (outcome.enrolledAt !== undefined) line.enrolledAt = outcome.enrolledAt;
  if (outcome.transactionId !== undefined) line.transactionId = outcome.transactionId;
  if (outcome.match !== undefined) line.match = outcome.match;
  if (outcome.verification !== undefined) line.verification = outcome.verification;
  if (outcome.attempts !== undefined) line.attempts = outcome.attempts;
  if (outcome.calls !== undefined) line.calls = outcome.calls;
  if (outcome.identifications !== undefined) line.identifications = outcome.identifications;
  if (sizeInBytes !== undefined) line.sizeInBytes = sizeInBytes;
  if (outcome.sha256 !== undefined) line.sha256 = outcome.sha256;
  if (photo.queuedAt !== undefined) line.queuedAt = photo.queuedAt;
  line.finishedAt = outcome.finishedAt;
  if (outcome.durationInMs !== undefined) line.durationInMs = outcome.durationInMs;
  if (outcome.checks !== undefined) line.checks = outcome.checks;
  if (outcome.quality !== undefined) line.quality = outcome.quality;
  if (outcome.face !== undefined) line.face = outcome.face;
  const warnings = photo.warnings ? [...photo.warnings, ...(outcome.warnings ?? [])] : outcome.warnings;
  if (warnings !== undefined) line.warnings = warnings;
  if (photo.metadata !== undefined) line.metadata = photo.metadata;
  return line as ReportLine;
}

type LineInMaking = Partial<Omit<ReportLine, 'metadata'>> & { metadata?: ReportedPhoto['metadata'] };
