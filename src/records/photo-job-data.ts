import { z } from 'zod';
import { decidedSchema } from './decisions/decision.ts';
import { outcomeSchema, warningSchema } from './report/report-line.ts';

/**
 * What the ledger knows of a subject's photo, for the worker that reads its bytes: fingerprints (`contentFingerprint`)
 * of the bytes that are enrolled, and of those that were rejected.
 */
const ledgerHintSchema = z.object({
  enrolled: z.string().optional(),
  /** ISO time. */
  enrolledAt: z.string().optional(),
  rejected: z.string().optional(),
});
export type LedgerHint = z.infer<typeof ledgerHintSchema>;

/** The subject's id was inferred from the path of a photo in another folder before. */
const otherFolderSchema = z.object({
  /** Marks of all contents that the subject had (`contentMark`): the same content is the same person. */
  contents: z.array(z.string()),
  /** Where its latest photo lay; absent where it is not known any more. */
  folder: z.string().optional(),
  /** When that was enrolled, as ISO time. */
  at: z.string(),
  /** An earlier version did not note whether the id was inferred or listed. */
  isUnsure: z.boolean().optional(),
});
export type OtherFolder = z.infer<typeof otherFolderSchema>;

/**
 * The latest refusal of a photo, of which it is not known yet whose fault it was (`account/whose-fault.ts`). `by` and `at`:
 * the process that saw it, and when, by its own count. `verdict`: of a reply whose code no page knows; the outcome
 * if it is the photo's.
 */
const refusalSchema = z.object({
  by: z.string(),
  at: z.number(),
  call: z.enum(['enroll', 'identify']),
  /** The photo had been refused before: this one is charged to it if it is the photo's fault. */
  isRepeated: z.boolean(),
  message: z.string(),
  httpStatus: z.number().optional(),
  verdict: outcomeSchema.omit({ finishedAt: true }).optional(),
});
export type PendingRefusal = z.infer<typeof refusalSchema>;

/**
 * What a photo job carries: never a photo byte, never a credential. An address with a signature or password in it is
 * carried without it, and `manifestAt` says where in the manifest the whole address is.
 */
export const photoJobDataSchema = z.object({
  run: z.string(),
  seq: z.number().int().positive(),
  subjectId: z.string(),
  photo: z.string(),
  manifestAt: z.object({ offset: z.number(), sizeInBytes: z.number() }).optional(),
  row: z.number().int().optional(),
  version: z.string().optional(),
  sizeInBytes: z.number().optional(),
  templateId: z.string().optional(),
  /** What was odd in the list. */
  warnings: z.array(warningSchema).readonly().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  /** By a reviewer. */
  decided: decidedSchema.optional(),
  /** In an incremental run. */
  known: ledgerHintSchema.optional(),
  otherFolder: otherFolderSchema.optional(),
  /** Whether the photo is identified after it was enrolled (`--verify`). */
  verify: z.boolean().optional(),
  queuedAt: z.string(),
  /** Of the trace that it has (W3C), where there is one. */
  traceparent: z.string().optional(),
  /** The state of the earlier attempts; written back with every delay. */
  tries: z.object({
    /** Calls of the enroll endpoint that were charged. */
    attempts: z.number().int(),
    /** All calls made, to any endpoint, throttled and refused ones included. */
    calls: z.number().int(),
    /** Those of `calls` that identified, and how many of these were charged and failed. */
    identifications: z.number().int().optional(),
    failedIdentifications: z.number().int().optional(),
    /** Reads of the photo that failed with a transient problem. */
    reads: z.number().int(),
    /** Whether a call may have been stored although its reply was lost. */
    storedUnknown: z.boolean(),
    /** Whether the engine held a template before the first call, where that was asked (`--undoable`). */
    held: z.enum(['none', 'some', 'unknown']).optional(),
    startedAt: z.string().optional(),
    /** Whether it was ever refused, and the refusal that is to be judged. */
    refusedBefore: z.boolean().optional(),
    refusal: refusalSchema.optional(),
    /** The outcome of its enrollment, while it is verified: no enroll call is made any more. */
    enrolled: outcomeSchema.optional(),
    /** How often it was identified since, and not found. */
    lookups: z.number().int().optional(),
  }),
});

export type PhotoJobData = z.infer<typeof photoJobDataSchema>;
