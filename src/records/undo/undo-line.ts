import { z } from 'zod';

export const undoSchemaName = 'rollcall.undo/1';

export const undoReasons = {
  /** `deleted`; `restored`: the earlier photo is enrolled again; `gone`: the engine had no such template any more. */
  reversed: ['deleted', 'restored', 'gone'],
  /** `other-run`: it touched the template since, or lists it and is not over; `forgotten`, `erased`: by `forget`. */
  kept: ['other-run', 'forgotten', 'erased'],
  /**
   * `earlier-version`: the run is of a version that did not note what a run replaced; `not-in-ledger`: the ledger has lost
   * it; `unclear-template`: which one the call stored is not known; `unclear-call`: whether it stored anything; `unknown-before`: the engine held a template before,
   * and this state does not know whose; `given-id`, `engine-id`: nothing proves that there was none; `earlier-unclear`,
   * `earlier-forgotten`, `earlier-without-hash`: what was there before cannot be enrolled again; `photo-gone`,
   * `photo-changed`: the archive does not have it any more; `no-deletion`: the engine cannot delete; `call-failed`: done
   * again when the command is started again.
   */
  impossible: [
    'earlier-version',
    'not-in-ledger',
    'unclear-template',
    'unclear-call',
    'unknown-before',
    'given-id',
    'engine-id',
    'earlier-unclear',
    'earlier-forgotten',
    'earlier-without-hash',
    'photo-gone',
    'photo-changed',
    'no-deletion',
    'call-failed',
  ],
} as const;

export const undoStatuses = ['reversed', 'kept', 'impossible'] as const;
export type UndoStatus = (typeof undoStatuses)[number];
export type UndoReason = (typeof undoReasons)[UndoStatus][number];

/** An event of the ledger. */
const earlierSchema = z.looseObject({
  subjectId: z.string(),
  photo: z.string(),
  version: z.string().optional(),
  sha256: z.string().optional(),
  run: z.string().optional(),
});

/** What became of one photo that a run stored, or may have stored. */
export const undoLineSchema = z.object({
  schema: z.literal(undoSchemaName),
  /** The run that is undone, and the photo's number in its report. */
  run: z.string(),
  seq: z.number().int().positive(),
  subjectId: z.string(),
  /** Without signature or password. */
  photo: z.string(),
  templateId: z.string(),
  status: z.enum(undoStatuses),
  reason: z.enum([...undoReasons.reversed, ...undoReasons.kept, ...undoReasons.impossible]),
  message: z.string().optional(),
  /** The run for which it was kept. */
  by: z.string().optional(),
  /** Deleted since this state knows nothing earlier; another state might. Absent: it is proven. */
  isUnproven: z.literal(true).optional(),
  /** What was there before, as the ledger has it: restored, or what would have to be. */
  earlier: earlierSchema.optional(),
  transactionId: z.string().optional(),
  /** ISO time. */
  at: z.string(),
});
export type UndoLine = z.infer<typeof undoLineSchema>;
