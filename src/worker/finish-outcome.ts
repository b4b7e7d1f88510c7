import type { Outcome } from '../records/report/report-line.ts';
import type { ReadyPhoto } from './fetch-photo.ts';
import type { AttemptState } from './judge-reply.ts';

/** The outcome of a photo with what was read of it and what was tried. */
export function finishOutcome(
  answer: Omit<Outcome, 'finishedAt'>,
  tries: AttemptState,
  original: ReadyPhoto['original'] = {},
): Outcome {
  const warnings = [...(original.warnings ?? []), ...(answer.warnings ?? [])];
  const startedAt = Date.parse(tries.startedAt ?? '');
  return {
    ...original,
    ...answer,
    ...(warnings.length > 0 && { warnings }),
    ...countsOf(tries),
    finishedAt: new Date().toISOString(),
    ...(Number.isFinite(startedAt) && { durationInMs: Math.max(0, Date.now() - startedAt) }),
  };
}

/**
 * The outcome of a photo that was enrolled and then looked for; its times are those of its enrollment. Without a
 * verification nobody could say whether it is found again.
 */
export function finishEnrolled(
  enrolled: Outcome,
  tries: AttemptState,
  verification?: Outcome['verification'],
): Outcome {
  const warnings = [...(enrolled.warnings ?? [])];
  if (verification === undefined) warnings.push('not-verified');
  else if (!verification.matched) warnings.push('not-found-again');
  return {
    ...enrolled,
    ...(verification && { verification }),
    ...(warnings.length > 0 && { warnings }),
    ...countsOf(tries),
  };
}

function countsOf({ attempts, calls, identifications = 0, held }: AttemptState) {
  return {
    ...(held !== undefined && held !== 'unknown' && { replaced: held }),
    attempts,
    ...(calls > attempts && { calls }),
    ...(identifications > 0 && { identifications }),
  };
}
