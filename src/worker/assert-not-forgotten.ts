import type { Enrollment, ForgottenWatch, Refusal } from '../ledger/forgotten-watch.ts';
import { refusedOutcomes } from '../ledger/refused-outcomes.ts';
import type { PhotoJobData } from '../records/photo-job-data.ts';
import type { Outcome } from '../records/report-line.ts';
import { eitherSignal } from '../util/abort-signals.ts';

export interface ForgottenContext {
  /** Whether the subject is on a forget list by now; see `ForgottenWatch`. */
  readonly refusalOf: ForgottenWatch['refusalOf'];
  readonly draining: AbortSignal;
}

/**
 * To be awaited at a photo's start and again right before a call that would store it: what waits for its permit for an hour
 * was perhaps forgotten meanwhile.
 * @throws SubjectForgottenError; a signal's reason when the process drains or the job is taken away
 */
export async function assertNotForgotten(
  { refusalOf, draining }: ForgottenContext,
  enrollment: Enrollment,
  signal: AbortSignal,
): Promise<void> {
  const either = eitherSignal(draining, signal);
  try {
    const refusal = await refusalOf(enrollment, either.signal);
    if (refusal) throw new SubjectForgottenError(refusal);
  } finally {
    either.clear();
  }
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
