import { z } from 'zod';
import { auditLineSchema } from '../../src/records/audit/audit-line.ts';
import { auditSummarySchema } from '../../src/records/audit/audit-summary.ts';
import { decisionSchema } from '../../src/records/decisions/decision.ts';
import { deliverySchema } from '../../src/records/inbox/delivery.ts';
import { outcomeEventSchema } from '../../src/records/inbox/outcome-event.ts';
import { progressSchema } from '../../src/records/progress.ts';
import { reportLineSchema } from '../../src/records/report/report-line.ts';
import { summarySchema } from '../../src/records/summary.ts';
import { undoLineSchema } from '../../src/records/undo/undo-line.ts';
import { inboxPhotoSchema } from '../../src/serve/api/inboxes.ts';
import { manifestRowSchema } from './manifest-row.ts';

/** A format of which `docs/reference/` has a JSON Schema. */
export interface Format {
  readonly title: string;
  readonly schema: z.ZodType;
  /** In the schema's `examples`. */
  readonly example: unknown;
  /** Fields that there are not are refused: it is what others write. */
  readonly isStrict?: true;
}

const line = {
  schema: 'rollcall.report/1',
  run: '20261122T032237Z-e27d',
  seq: 17,
  row: 17,
  subjectId: 'emp-17',
  photo: '/archive/emp-17.jpg',
  version: '48211-1763781757000',
  status: 'rejected',
  stored: 'no',
  error: { kind: 'rejected', code: '5', message: 'no face was found', httpStatus: 400 },
  engine: 'ooto',
  templateId: '0b2f6c1e-6f5a-5d0c-9a55-2f0c6d7f2d11',
  attempts: 1,
  sizeInBytes: 48_211,
  sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  queuedAt: '2026-11-22T03:22:39.120Z',
  finishedAt: '2026-11-22T03:22:41.007Z',
  durationInMs: 1_887,
  warnings: ['exif-rotated'],
  metadata: { department: 'sales' },
};

/** By the name of its file. */
export const formats: Readonly<Record<string, Format>> = {
  'report-line': { title: 'A line of report.jsonl', schema: reportLineSchema, example: line },
  summary: {
    title: 'summary.json of a run',
    schema: summarySchema,
    example: {
      ...{
        schema: 'rollcall.summary/1',
        run: line.run,
        state: 'finished',
        source: '/archive',
        engine: 'ooto',
      },
      total: 3,
      byStatus: { enrolled: 2, rejected: 1 },
      byCode: { 5: 1 },
      byReason: {},
      warnings: { 'exif-rotated': 1 },
      notEnrolled: 1,
      firstAt: '2026-11-22T03:22:39.120Z',
      lastAt: '2026-11-22T03:22:41.007Z',
      calls: 3,
      retries: 0,
      achievedRate: 1.59,
      reportSha256: line.sha256,
    },
  },
  'audit-line': {
    title: 'A line of an audit',
    schema: auditLineSchema,
    example: {
      ...{ schema: 'rollcall.audit/1', audit: '20261122T092237Z-e27d0a11', seq: 17, about: 'held' },
      ...{ subjectId: 'emp-17', photo: '/archive/emp-17.jpg', templateId: line.templateId },
      ...{ source: '/archive', run: line.run, enrolledAt: line.finishedAt, status: 'shadowed' },
      answeredBy: {
        templateId: '7c9e6679-7425-50de-944b-e07fc1f90ae7',
        similarity: 0.93,
        subjectId: 'emp-18',
      },
      ...{ identifications: 1, finishedAt: '2026-11-22T09:22:39.511Z' },
    },
  },
  'audit-summary': {
    title: 'summary.json of an audit',
    schema: auditSummarySchema,
    example: {
      ...{ schema: 'rollcall.audit-summary/1', audit: '20261122T092237Z-e27d0a11', engine: 'ooto' },
      ...{ engineUrl: 'https://cloud.ooto-ai.com/api/v1.0', account: '0123456789abcdef' },
      ...{ sample: '2000', seed: 7, threshold: 0.75 },
      ...{ createdAt: '2026-11-22T09:22:37.000Z', finishedAt: '2026-11-22T09:26:01.000Z' },
      ...{ total: 2_001, byStatus: { present: 2_000, 'forgotten-gone': 1 }, byReason: {}, findings: 0 },
      ...{ verifications: 0, identifications: 2_001 },
      population: { held: 48_211, heldChosen: 2_000, forgotten: 1, forgottenChosen: 1, unclear: 3 },
      bound: { atMost: 0.00147, confidence: 0.95, judged: 2_000, missing: 0, of: 48_211 },
    },
  },
  'manifest-row': {
    title: 'A line of a list in JSON lines, from a file or a pipe',
    schema: manifestRowSchema,
    example: { subjectId: 'emp-17', photo: 'photos/17.jpg', version: '3', metadata: { department: 'sales' } },
  },
  progress: {
    title: 'A line of run --progress json',
    schema: progressSchema,
    example: {
      ...{ schema: 'rollcall.progress/1', run: line.run, state: 'active', listed: 3, done: 1, total: 3 },
      ...{
        byStatus: { rejected: 1 },
        byCode: { 5: 1 },
        rateNow: 9.7,
        rateLimit: 10,
        inFlight: 2,
        retries: 0,
      },
      ...{ etaSeconds: 1, waitsFor: null, canary: null },
      money: {
        price: { enroll: '0.002', identify: '0.002', verify: '0.002', delete: '0.002' },
        ...{ soFar: '0.06', saved: '0' },
        forecast: { expected: '0.19', low: '0.15', high: '0.23' },
      },
    },
  },
  decision: {
    title: 'A line of decisions/<writer>-<n>.jsonl',
    schema: decisionSchema,
    example: {
      ...{ schema: 'rollcall.decision/1', seq: 17, action: 'edit' },
      edit: { rotate: 90, crop: { left: 0.1, top: 0, width: 0.8, height: 1 } },
      ...{ by: 'maria', at: '2026-11-23T09:12:44.000Z' },
    },
  },
  'undo-line': {
    title: 'A line of rollcall undo --output',
    schema: undoLineSchema,
    example: {
      ...{ schema: 'rollcall.undo/1', run: line.run, seq: 17, subjectId: line.subjectId, photo: line.photo },
      ...{ templateId: line.templateId, status: 'reversed', reason: 'deleted', isUnproven: true },
      at: '2026-11-24T08:00:01.312Z',
    },
  },
  'inbox-photo': {
    title: 'A photo by its place, as POST /api/v1/inboxes/{name}/photos takes it',
    schema: inboxPhotoSchema,
    example: {
      ...{ subjectId: 'emp-17', photo: '/archive/emp-17.jpg', version: '3' },
      metadata: { department: 'sales' },
    },
    isStrict: true,
  },
  webhook: {
    title: "What an inbox's webhook is told: the outcome of a photo",
    schema: outcomeEventSchema,
    example: {
      ...{ type: 'photo.done', timestamp: line.finishedAt },
      data: { inbox: 'door', run: line.run, seq: line.seq, line },
    },
  },
  delivery: {
    title: 'A line of webhooks/<writer>-<n>.jsonl of a run: one try to tell of an outcome',
    schema: deliverySchema,
    example: {
      ...{ schema: 'rollcall.delivery/1', at: '2026-11-22T03:22:42.100Z', seq: 17 },
      ...{ webhookId: 'msg_3f1c9a0d5be24c7f8a6b7c8d9e0f1a2b', attempt: 1, result: 'failed' },
      ...{ httpStatus: 503, reason: 'service.example answered 503' },
    },
  },
};

/** What is accepted: formats get new fields, which an older reader has to pass over. */
export const jsonSchemaOf = ({ title, schema, example }: Format): object => {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
    override({ zodSchema, jsonSchema }) {
      // The one that has a check of its own: any text.
      if (zodSchema._zod.def.type === 'custom') jsonSchema.type = 'string';
    },
  });
  return { $schema, title, ...rest, examples: [example] };
};
