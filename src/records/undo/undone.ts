import { z } from 'zod';

/** How far a run was undone: photos by what became of them, as of a time (ISO). */
export const undoneSchema = z.object({
  at: z.string(),
  reversed: z.number(),
  kept: z.number(),
  impossible: z.number(),
  /** It has not come to its end: there is more that may be gone. */
  isUnderWay: z.literal(true).optional(),
});
export type Undone = z.infer<typeof undoneSchema>;
