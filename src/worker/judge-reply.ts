import type { RateLimiter } from '../account/rate-limiter.ts';
import { type DoubtfulReply, isDoubtful, mayBeThePhotos } from '../account/whose-fault.ts';
import type {
  EngineReply,
  EnrolledReply,
  RefusedReply,
  RejectedReply,
  UnavailableReply,
} from '../engines/engine.ts';
import type { PendingRefusal, PhotoJobData } from '../records/photo-job-data.ts';
import type { Outcome } from '../records/report/report-line.ts';
import { isSameTemplate } from '../util/template-id.ts';

/**
 * What a reply means for the photo: a final answer, another call at once (paced by the rate limiter), or one later;
 * `isLast`: behind all others.
 */
export type Judgement =
  | { readonly kind: 'outcome'; readonly outcome: Omit<Outcome, 'finishedAt'> }
  | { readonly kind: 'call-again' }
  | { readonly kind: 'try-later'; readonly failures: number; readonly isLast?: boolean };

export type AttemptState = PhotoJobData['tries'];

/** The calls that were charged to a photo and brought it no further: what `--max-attempts` limits. */
export const chargedBefore = (tries: AttemptState) => tries.attempts + (tries.failedIdentifications ?? 0);

/** The tries after a reply; the rate limiter says whether it costs the photo an attempt. */
export function countReply(tries: AttemptState, reply: EngineReply, charged: boolean): AttemptState {
  return {
    ...tries,
    calls: tries.calls + 1,
    // A refusal is charged when it is known whose fault it was.
    attempts: tries.attempts + (charged && !isDoubtful(reply) ? 1 : 0),
    storedUnknown: tries.storedUnknown || (reply.kind === 'unavailable' && reply.sent),
  };
}

/** The tries of a photo that was refused: who saw it and when, until it is known whose fault it was. */
export function noteRefusal(
  tries: AttemptState,
  reply: DoubtfulReply,
  seen: ReturnType<RateLimiter['witness']> & Pick<PendingRefusal, 'call'>,
): AttemptState {
  const { message, httpStatus } = reply;
  return {
    ...tries,
    ...((tries.refusedBefore || reply.kind === 'rejected' || mayBeThePhotos(reply)) && {
      refusedBefore: true,
    }),
    refusal: {
      ...seen,
      isRepeated: tries.refusedBefore === true,
      message,
      ...(httpStatus !== undefined && { httpStatus }),
      ...(reply.kind === 'rejected' && { verdict: rejectedOutcome(reply, tries) }),
    },
  };
}

/**
 * Pure: acts on the kind of the reply and knows no engine. `tries` already counts this reply. A refusal is judged when it is
 * known whose fault it was (`settle-refusal.ts`).
 */
export function judgeReply(options: {
  reply: Exclude<EngineReply, RefusedReply>;
  charged: boolean;
  tries: AttemptState;
  maxAttempts: number;
  required: readonly string[];
  templateIdSent: string;
}): Judgement {
  const { reply, tries, required, templateIdSent } = options;
  switch (reply.kind) {
    case 'enrolled':
      return { kind: 'outcome', outcome: judgeEnrolled(reply, required, templateIdSent) };
    case 'rejected':
      return {
        kind: 'outcome',
        outcome: rejectedOutcome(reply, tries),
      };
    case 'throttled':
      return { kind: 'call-again' };
    case 'unavailable':
      return spentOrLater(reply, options);
  }
}

function spentOrLater(
  reply: UnavailableReply,
  { charged, tries, maxAttempts, templateIdSent }: Parameters<typeof judgeReply>[0],
): Judgement {
  if (charged && chargedBefore(tries) >= maxAttempts)
    return { kind: 'outcome', outcome: spentOutcome(reply, tries, templateIdSent) };
  return { kind: 'try-later', failures: Math.max(1, chargedBefore(tries)) };
}

export const identificationFailed = (message: string) => `identification: ${message}`;

/** The engine's verdict, of whichever endpoint. */
export function rejectedOutcome(reply: RejectedReply, tries: AttemptState): Omit<Outcome, 'finishedAt'> {
  return {
    status: 'rejected',
    stored: tries.storedUnknown ? 'unknown' : reply.stored,
    error: {
      kind: 'rejected',
      code: reply.code,
      message: reply.message,
      httpStatus: reply.httpStatus,
      reasons: [...reply.reasons],
    },
    ...(reply.transactionId !== undefined && { transactionId: reply.transactionId }),
  };
}

function judgeEnrolled(
  reply: EnrolledReply,
  required: readonly string[],
  templateIdSent: string,
): Omit<Outcome, 'finishedAt'> {
  const missed = required.find((check) => reply.checks?.[check]?.fine !== true);
  const returned = reply.namedInstead ?? reply.templateId;
  const differs = !isSameTemplate(returned, templateIdSent);
  // Where the engine has no ids of its own, a reply that names another one is about somebody else.
  const isSuspect = differs && reply.namedInstead !== undefined;
  return {
    status: missed === undefined ? 'enrolled' : 'rejected',
    stored: isSuspect ? 'unknown' : 'yes',
    ...(missed !== undefined && {
      error: {
        kind: 'rejected',
        code: `check-${missed}`,
        message: reply.checks?.[missed]
          ? `the required ${missed} check is not fine`
          : `the engine gave no result for the required ${missed} check`,
        httpStatus: reply.httpStatus,
      },
    }),
    templateId: differs ? reply.templateId : templateIdSent,
    ...(differs && { templateIds: { sent: templateIdSent, returned } }),
    ...(reply.transactionId !== undefined && { transactionId: reply.transactionId }),
    ...(reply.checks && { checks: reply.checks }),
    ...(reply.quality && { quality: reply.quality }),
    ...(reply.face && { face: reply.face }),
    ...(differs && { warnings: [isSuspect ? 'template-shared' : 'template-id-differs'] }),
  };
}

/** No verdict, attempts spent. */
export function spentOutcome(
  reply: { readonly message: string; readonly httpStatus?: number | undefined },
  tries: AttemptState,
  templateId: string,
): Omit<Outcome, 'finishedAt'> {
  return {
    status: 'failed',
    stored: tries.storedUnknown ? 'unknown' : 'no',
    ...(tries.storedUnknown && { templateId }),
    error: {
      kind: 'unavailable',
      message: reply.message,
      ...(reply.httpStatus !== undefined && { httpStatus: reply.httpStatus }),
    },
  };
}
