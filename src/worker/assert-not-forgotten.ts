import type { PhotoJobData } from '../records/photo-job-data.ts';
import type { Outcome } from '../records/report-line.ts';
import { eitherSignal } from '../util/abort-signals.ts';

export interface ForgottenContext {
  /** Whether the subject is on a forget list by now; see `ForgottenWatch`. */
  readonly isForgotten: (subjectId: string, signal: AbortSignal) => Promise<boolean>;
  readonly draining: AbortSignal;
}

/**
 * To be awaited at a photo's start and again right before a call that would store it: what waits for its permit for an hour
 * was perhaps forgotten meanwhile.
 * @throws SubjectForgottenError; a signal's reason when the process drains or the job is taken away
 */
export async function assertNotForgotten(
  { isForgotten, draining }: ForgottenContext,
  subjectId: string,
  signal: AbortSignal,
): Promise<void> {
  const either = eitherSignal(draining, signal);
  try {
    if (await isForgotten(subjectId, either.signal)) throw new SubjectForgottenError();
  } finally {
    either.clear();
  }
}

/** The photo's subject is not to be enrolled any more. */
export class SubjectForgottenError extends Error {}

/** What the engine holds is not known here, but where an earlier call of this run was left without an answer. */
export function forgottenOutcome(
  { storedUnknown }: PhotoJobData['tries'],
  templateId: string,
): Omit<Outcome, 'finishedAt'> {
  return {
    status: 'skipped',
    reason: 'forgotten',
    ...(storedUnknown && { stored: 'unknown', templateId }),
  };
}
