import type { HttpResponse } from '../util/http/http-exchange.ts';
import type { DeletedReply, DeleteReply, EngineReply, EnrolledReply, FailedReply } from './engine.ts';
import { copyForeignRecord } from './foreign-value.ts';
import {
  demographics,
  isFine,
  judgeAccountWords,
  judgeByStatus,
  judgeUnread,
  type ReplyOptions,
  refused,
  rejected,
} from './judgement.ts';
import { readVerihubsBody, type VerihubsBody } from './verihubs-body.ts';
import { readVerihubsCode, type VerihubsCode } from './verihubs-codes.ts';

/** What was sent, as far as the reply depends on it. */
export interface VerihubsEnrollment {
  readonly templateId: string;
  readonly validateLiveness: boolean;
}

/**
 * Judges a reply of `POST /v1/face/enroll`. Never throws, whatever the body. Success is decided from the body: a
 * rejection arrives with HTTP 200 as well. Assumed: a 200 without an error code that names the subject, or speaks of
 * success, is one.
 */
export function readVerihubsReply(
  response: HttpResponse,
  enrollment: VerihubsEnrollment,
  options: ReplyOptions,
): EngineReply {
  return judge<EnrolledReply>(response, options, (status, body) => {
    if (!isFine(status) || body.code !== undefined) return undefined;
    const isSuccess = body.subjectId !== undefined || /\bsuccess/i.test(body.message ?? '');
    return isSuccess ? enrolled({ status, body, enrollment }, options) : undefined;
  });
}

/**
 * Judges a reply of `DELETE /v1/face/enroll`. Documented: 200 "… successfully deleted", and 400 "Subject id is not
 * found", which is what was asked for.
 */
export function readVerihubsDeleteReply(response: HttpResponse, options: ReplyOptions): DeleteReply {
  return judge<DeletedReply>(response, options, (status, { code, message = '' }) => {
    if (isFine(status) && code === undefined && /\bdeleted\b/i.test(message))
      return { kind: 'deleted', httpStatus: status, existed: true };
    const isGone = code === 'INVALID_PAYLOAD_SUBJECT_ID' && /\bnot found\b/i.test(message);
    return isGone ? { kind: 'deleted', httpStatus: status, existed: false } : undefined;
  });
}

function judge<Success>(
  response: HttpResponse,
  options: ReplyOptions,
  readSuccess: (status: number, body: VerihubsBody) => Success | undefined,
): Success | FailedReply {
  const { status, text } = response;
  const body = text === undefined ? undefined : readVerihubsBody(text);
  // The one code that comes with a status that `judgeByStatus` would judge otherwise.
  if (status === 403 && body?.code !== undefined && readVerihubsCode(body.code)?.fault === 'quota')
    return readError({ status, code: body.code, body }, options);
  const judged = judgeByStatus(response, 'face', options) ?? (body && readSuccess(status, body));
  if (judged !== undefined) return judged;
  if (body?.code !== undefined) return readError({ status, code: body.code, body }, options);
  return judgeUnread(response, body === undefined ? 'no-object' : 'other', options);
}

interface CodedError {
  readonly status: number;
  readonly code: string;
  readonly body: VerihubsBody;
}

function readError(error: CodedError, options: ReplyOptions): FailedReply {
  const { status } = error;
  const code = options.clean(error.code);
  const message = options.clean(error.body.message ?? '') || 'the engine gave a code without a message';
  const words = `${code}: ${message}`;
  const known: VerihubsCode = readVerihubsCode(error.code) ?? {
    fault: 'photo',
    reasons: [],
    // An error that arrives as a success leaves open what was stored.
    stored: isFine(status) ? 'unknown' : 'no',
  };
  switch (known.fault) {
    case 'transient':
      return { kind: 'unavailable', httpStatus: status, message: words, sent: true };
    case 'quota':
      return refused(status, `the account's quota is used up: ${words}`, quotaFix, true);
    case 'settings':
      return refused(status, words, `check ${known.flags.join(' and ')}`, true);
    case 'program':
      return refused(status, `the engine did not get what was sent: ${words}`, options.fix.url);
    case 'photo': {
      const refusal = readVerihubsCode(error.code) ? undefined : judgeWords(error, words, options);
      if (refusal) return refusal;
      const { sessionId } = error.body;
      const transactionId = sessionId === undefined ? '' : options.clean(sessionId);
      return {
        ...rejected(status, code, message),
        reasons: known.reasons,
        stored: known.stored,
        ...(transactionId && { transactionId }),
      };
    }
  }
}

/** The words of a code are separated by underscores. */
const judgeWords = ({ status, code, body }: CodedError, shown: string, options: ReplyOptions) =>
  judgeAccountWords(
    { status, words: `${code.replaceAll('_', ' ')} ${body.message ?? ''}`.slice(0, 1_000), shown },
    options,
  );

function enrolled(
  { status, body, enrollment }: { status: number; body: VerihubsBody; enrollment: VerihubsEnrollment },
  { clean, keepDemographics }: ReplyOptions,
): EnrolledReply {
  const leaveOut = keepDemographics ? new Set<string>() : demographics;
  const transactionId = body.sessionId === undefined ? '' : clean(body.sessionId);
  const liveness = livenessOf(body, enrollment);
  const quality = copyForeignRecord(body.quality, { clean, depth: 3, leaveOut });
  const face = copyForeignRecord(body.face, { clean, depth: 4, leaveOut });
  return {
    kind: 'enrolled',
    httpStatus: status,
    templateId: templateIdOf(body, enrollment),
    ...(transactionId && { transactionId }),
    ...(liveness && { checks: { liveness } }),
    ...(quality && { quality }),
    ...(face && { face }),
  };
}

/** An engine that was asked to validate and stored the photo has found it to be live, whether it says so again or not. */
function livenessOf({ liveness }: VerihubsBody, { validateLiveness }: VerihubsEnrollment) {
  if (!validateLiveness) return liveness;
  return { score: liveness?.score ?? null, fine: liveness?.fine ?? true };
}

/** An id that could not be stored or printed again is not accepted: the one that was sent is kept. */
function templateIdOf({ subjectId }: VerihubsBody, { templateId }: VerihubsEnrollment): string {
  return subjectId !== undefined && /^[^\p{Cc}\p{Cs}]{1,1024}$/u.test(subjectId) ? subjectId : templateId;
}

const quotaFix = 'ask Verihubs to raise it, or wait until it is renewed';
