import type {
  EngineReply,
  EnrolledReply,
  RefusedReply,
  RejectedReply,
  UnavailableReply,
} from '../engines/engine.ts';
import type { PhotoJobData } from '../records/photo-job-data.ts';
import type { Outcome } from '../records/report-line.ts';
import { isSameTemplate } from '../util/template-id.ts';

/** What a reply means for the photo: a final answer, another call at once (paced by the rate limiter), or one later. */
export type Judgement =
  | { readonly kind: 'outcome'; readonly outcome: Omit<Outcome, 'finishedAt'> }
  | { readonly kind: 'call-again' }
  | { readonly kind: 'try-later'; readonly failures: number };

export type AttemptState = PhotoJobData['tries'];

/** The calls that were charged to a photo and brought it no further: what `--max-attempts` limits. */
export const chargedBefore = (tries: AttemptState) => tries.attempts + (tries.failedIdentifications ?? 0);

/** The tries after a reply; the rate limiter says whether it costs the photo an attempt. */
export function countReply(tries: AttemptState, reply: EngineReply, charged: boolean): AttemptState {
  return {
    ...tries,
    calls: tries.calls + 1,
    attempts: tries.attempts + (charged ? 1 : 0),
    storedUnknown: tries.storedUnknown || (reply.kind === 'unavailable' && reply.sent),
  };
}

/** Pure: acts on the kind of the reply and knows no engine. `tries` already counts this reply. */
export function judgeReply(options: {
  reply: EngineReply;
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
    case 'refused':
      // The rate limiter waits until the account is fixed; where only this photo is refused, it is charged and comes to an end.
      if (reply.certain) return { kind: 'call-again' };
      return spentOrLater(reply, options);
    case 'unavailable':
      return spentOrLater(reply, options);
  }
}

function spentOrLater(
  reply: UnavailableReply | RefusedReply,
  { charged, tries, maxAttempts, templateIdSent }: Parameters<typeof judgeReply>[0],
): Judgement {
  if (charged && chargedBefore(tries) >= maxAttempts)
    return { kind: 'outcome', outcome: spentOutcome(reply, tries, templateIdSent) };
  return { kind: 'try-later', failures: Math.max(1, chargedBefore(tries)) };
}

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
  reply: UnavailableReply | RefusedReply,
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
