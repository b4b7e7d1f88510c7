import { z } from 'zod';

export const coverageStatuses = [
  'enrolled',
  'rejected',
  'failed',
  'duplicate',
  'waiting',
  'cancelled',
  'undone',
  'never-seen',
  'forgotten',
] as const;
export type CoverageStatus = (typeof coverageStatuses)[number];

/** One person of a list, and whether the engine holds a template of theirs by what this state knows. */
export const coverageLineSchema = z.object({
  schema: z.literal('rollcall.coverage/1'),
  /** Of the list, from 1: where the person stands first. */
  line: z.number().int().positive(),
  subjectId: z.string(),
  /**
   * `waiting`: listed in a run that has not ended; `cancelled`: in one that was cancelled before their turn; `never-seen`:
   * in no run that this state still has; `undone`: what a run stored was taken back. The others as in a run's report.
   */
  status: z.enum(coverageStatuses),
  /**
   * The engine's code; without one the kind of the error; `unclear`: a call without an answer; `replaced`: somebody else was
   * enrolled under the same template id, which a list gave.
   */
  code: z.string().optional(),
  /** The run whose report says so, that was undone, or that replaced it; absent: the ledger does. */
  run: z.string().optional(),
  /** ISO time of what is said. */
  at: z.string().optional(),
});
export type CoverageLine = z.infer<typeof coverageLineSchema>;

/** Whether somebody should have a template and has none: who is to be forgotten should not. */
export const isUncovered = ({ status }: Pick<CoverageLine, 'status'>): boolean =>
  status !== 'enrolled' && status !== 'forgotten';
