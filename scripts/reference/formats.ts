import { z } from 'zod';
import { decisionSchema } from '../../src/records/decision.ts';
import { deliverySchema } from '../../src/records/delivery.ts';
import { outcomeEventSchema } from '../../src/records/outcome-event.ts';
import { progressSchema } from '../../src/records/progress.ts';
import { reportLineSchema } from '../../src/records/report-line.ts';
import { summarySchema } from '../../src/records/summary.ts';
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
      ...{ etaSeconds: 1, waitsFor: null },
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
