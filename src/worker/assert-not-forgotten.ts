import type { Enrollment, ForgottenWatch, Refusal } from '../ledger/forgotten-watch.ts';
import { refusedOutcomes } from '../ledger/refused-outcomes.ts';
import type { PhotoJobData } from '../records/photo-job-data.ts';
import type { Outcome } from '../records/report/report-line.ts';

export interface ForgottenContext {
  /** Whether the subject is on a forget list by now; see `ForgottenWatch`. */
  readonly refusalOf: ForgottenWatch['refusalOf'];
}

/**
 * To be awaited at a photo's start and again right before a call that would store it: what waits for its permit for an hour
 * was perhaps forgotten meanwhile.
 * @throws SubjectForgottenError; the signal's reason when aborted
 */
export async function assertNotForgotten(
  { refusalOf }: ForgottenContext,
  enrollment: Enrollment,
  signal: AbortSignal,
): Promise<void> {
  const refusal = await refusalOf(enrollment, signal);
  if (refusal) throw new SubjectForgottenError(refusal);
}

/** The photo's subject is not to be enrolled any more. */
export class SubjectForgottenError extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal);
  }
}

/** What the engine holds is not known here, but where an earlier call of this run was left without an answer. */
export function forgottenOutcome(
  { storedUnknown }: PhotoJobData['tries'],
  { templateId, refusal }: { templateId: string; refusal: Refusal },
): Omit<Outcome, 'finishedAt'> {
  return {
    ...refusedOutcomes[refusal],
    ...(storedUnknown && { stored: 'unknown', templateId }),
  };
}
