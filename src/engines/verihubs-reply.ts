import type { HttpResponse } from '../util/http/http-exchange.ts';
import { subjectKey } from '../util/subject-id.ts';
import { type Denial, saysSuccess } from './denial.ts';
import type { DeletedReply, DeleteReply, EngineReply, EnrolledReply, FailedReply } from './engine.ts';
import { copyForeignRecord } from './foreign-value.ts';
import {
  demographics,
  isDone,
  isFine,
  judgeByStatus,
  judgeUnknownCode,
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
 * rejection arrives with HTTP 200 as well. Assumed: a 200 without an error code whose message speaks of success, or that
 * names the subject and has no message, is one, unless anything else in it speaks of a failure.
 */
export function readVerihubsReply(
  response: HttpResponse,
  enrollment: VerihubsEnrollment,
  options: ReplyOptions,
): EngineReply {
  return judgeVerihubsReply<EnrolledReply>(response, options, (status, body) => {
    if (!isDone(status) || body.code !== undefined || body.denial || isComparison(body)) return undefined;
    const message = body.message?.replaceAll(enrollment.templateId, '');
    const isSuccess =
      message === undefined
        ? body.subjectId !== undefined
        : saysSuccess(message) && !saysDeleted.test(message);
    return isSuccess ? enrolled({ status, body, enrollment }, options) : undefined;
  });
}

/**
 * Judges a reply of `DELETE /v1/face/enroll`. Documented: 200 "Subject id … successfully deleted", and 400 "Subject id is
 * not found", which is what was asked for. One that names somebody else is no answer.
 */
export function readVerihubsDeleteReply(
  response: HttpResponse,
  { templateId }: Pick<VerihubsEnrollment, 'templateId'>,
  options: ReplyOptions,
): DeleteReply {
  return judgeVerihubsReply<DeletedReply>(response, options, (status, body) => {
    const { code, message = '', denial } = body;
    const [, named] = /^subject id (.+) successfully deleted\b/is.exec(message.trim()) ?? [];
    const isOther = named !== undefined && !/^(is|was|has been)$/i.test(named) && !isSame(named, templateId);
    if (isOther || otherIdOf(body, { templateId }) !== undefined) return undefined;
    if (isDone(status) && code === undefined && !denial && /\bsuccessfully deleted\b/i.test(message))
      return { kind: 'deleted', httpStatus: status, existed: true };
    const isGone = code === 'INVALID_PAYLOAD_SUBJECT_ID' && /\bnot found\b/i.test(message);
    return isGone ? { kind: 'deleted', httpStatus: status, existed: false } : undefined;
  });
}

/** The success of a search or a verification, of whomever. */
const isComparison = ({ subjectId, matches, comparison }: VerihubsBody) =>
  subjectId === undefined &&
  (matches !== undefined || Object.keys(comparison).some((name) => name.startsWith('similarity')));

/** The success of a deletion. */
const saysDeleted = /\bsuccess\w* (delet|remov|eras)|\b(delet|remov|eras)\w* (is |was )?success/i;

/** Judges a reply of any of Verihubs' endpoints: `readSuccess` gives undefined for what is none. */
export function judgeVerihubsReply<Success>(
  response: HttpResponse,
  options: ReplyOptions,
  readSuccess: (status: number, body: VerihubsBody) => Success | undefined,
): Success | FailedReply {
  const { status, text } = response;
  const body = text === undefined ? undefined : readVerihubsBody(text);
  // The one code that stands above the status that it comes with; of a wrong key nobody asks what its quota is.
  if (status !== 401 && body?.code !== undefined && readVerihubsCode(body.code)?.fault === 'quota')
    return readError({ ...response, code: body.code, body }, options);
  const judged = judgeByStatus(response, 'face', options) ?? (body && readSuccess(status, body));
  if (judged !== undefined) return judged;
  if (body?.code !== undefined) return readError({ ...response, code: body.code, body }, options);
  return judgeUnread(response, options, body && denialOf(body));
}

const denialOf = ({ denial, message }: VerihubsBody): Denial | undefined =>
  denial ?? (message === undefined ? undefined : { shown: `"message": ${JSON.stringify(message)}` });

interface CodedError extends HttpResponse {
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
      const refusal = readVerihubsCode(error.code) ? undefined : judgeCodeWords(error, words, options);
      if (refusal) return refusal;
      const { sessionId } = error.body;
      const transactionId = sessionId === undefined ? '' : options.clean(sessionId);
      return {
        ...rejected(status, code, message),
        reasons: known.reasons,
        stored: known.stored,
        ...(!readVerihubsCode(error.code) && { isUndocumented: true }),
        ...(transactionId && { transactionId }),
      };
    }
  }
}

/** The words of a code are separated by underscores. */
const judgeCodeWords = ({ status, headers, code, body }: CodedError, shown: string, options: ReplyOptions) =>
  judgeUnknownCode(
    { status, headers, words: `${code.slice(0, 200).replaceAll('_', ' ')}; ${body.words}`, shown },
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
  const named = otherIdOf(body, enrollment);
  return {
    kind: 'enrolled',
    httpStatus: status,
    templateId: enrollment.templateId,
    ...(named !== undefined && { namedInstead: clean(named) || '(no text)' }),
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

/** The id is the subject's own: a reply that names another speaks of somebody else, or of another request. */
export function otherIdOf(
  { subjectId }: Pick<VerihubsBody, 'subjectId'>,
  { templateId }: Pick<VerihubsEnrollment, 'templateId'>,
): string | undefined {
  return subjectId !== undefined && isSame(subjectId, templateId) ? undefined : subjectId;
}

const isSame = (one: string, other: string) => subjectKey(one) === subjectKey(other);

const quotaFix = 'ask Verihubs to raise it, or wait until it is renewed';
