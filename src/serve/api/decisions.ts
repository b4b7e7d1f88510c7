import { z } from 'zod';
import { decisionActions, decisionSchema, editSchema } from '../../records/decisions/decision.ts';
import { runParams, runViewSchema } from './runs.ts';

export const decisionListSchema = z.object({
  /** As they stand, in the order of the list: the newest of each photo. */
  decisions: z.array(decisionSchema),
  /** Photos that went on in a run of their own: they are decided there. */
  applied: z.array(z.object({ run: z.string(), at: z.string(), seqs: z.array(z.number()) })),
});
/** Of those that were sent, or of all; then without what was applied. */
export const savedDecisionsSchema = decisionListSchema.partial({ applied: true });
export const savedDecisionsQuery = z.strictObject({
  /** `sent`: the answer has those that were sent alone. */
  answer: z.enum(['all', 'sent']).default('all'),
});
export type DecisionList = z.infer<typeof decisionListSchema>;

const { seq, reason, upload, by } = decisionSchema.shape;

export const newDecisionsSchema = z.strictObject({
  /** Who decides. */
  reviewer: by,
  decisions: z
    .array(
      z.strictObject({
        seq,
        action: z.enum(decisionActions),
        reason,
        upload,
        rotate: editSchema.shape.rotate.optional(),
        crop: editSchema.shape.crop,
      }),
    )
    .min(1)
    .max(10_000),
});

export const appliedSchema = z.object({
  /** The run that has them; null: no photo is to be sent, or that run was pruned. */
  run: runViewSchema.nullable(),
  /** Photos that were given to it by this request; 0: by an earlier one. */
  sent: z.number(),
  /** Decisions that stand, by their action. */
  counts: z.record(z.string(), z.number()),
});

export const uploadSchema = z.object({ upload: z.string() });

export const pictureParams = runParams.extend({ seq: z.coerce.number().int().positive() });
export const pictureQuery = z.strictObject({
  /** Of the longer side, in pixels. */
  size: z.enum(['240', '960']).default('240'),
});
