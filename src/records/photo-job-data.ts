import { z } from 'zod';
import { outcomeSchema } from './report-line.ts';

/**
 * What a photo job carries: never a photo byte, never a credential. An address with a signature or password in it is
 * carried without it, and `manifestAt` says where in the manifest the whole one is written.
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
  metadata: z.record(z.string(), z.string()).optional(),
  /** Fingerprints of what the ledger knows of the subject's photo, in an incremental run. */
  known: z
    .object({
      enrolled: z.string().optional(),
      enrolledAt: z.string().optional(),
      rejected: z.string().optional(),
    })
    .optional(),
  /** Whether it is identified after it was enrolled. */
  verify: z.boolean().optional(),
  queuedAt: z.string(),
  /** What earlier tries of this photo came to; written back with every delay. */
  tries: z.object({
    /** Calls of the enroll endpoint that were charged. */
    attempts: z.number().int(),
    /** All calls made, of any endpoint, throttled and refused ones too. */
    calls: z.number().int(),
    /** Those of them that asked who this is, and how many of these were charged without an answer. */
    identifications: z.number().int().optional(),
    failedIdentifications: z.number().int().optional(),
    /** Reads of the photo that failed and may go better later. */
    reads: z.number().int(),
    /** Whether a call may have been stored although its reply was lost. */
    storedUnknown: z.boolean(),
    startedAt: z.string().optional(),
    /** What its enrollment came to, while it waits to be found again: no enroll call is made any more. */
    enrolled: outcomeSchema.optional(),
    /** How often it was looked for since, and not found. */
    lookups: z.number().int().optional(),
  }),
});

export type PhotoJobData = z.infer<typeof photoJobDataSchema>;
