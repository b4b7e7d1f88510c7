import type { HttpResponse } from '../util/http/http-exchange.ts';
import { isSameTemplate } from '../util/template-id.ts';
import type {
  DeletedReply,
  DeleteReply,
  EngineReply,
  EnrolledReply,
  FailedReply,
  IdentifiedReply,
  IdentifyReply,
} from './engine.ts';
import { copyForeignRecord } from './foreign-value.ts';
import {
  demographics,
  isDone,
  isFine,
  judgeByStatus,
  judgeUnknownCode,
  judgeUnread,
  type ReplyOptions,
  rejected,
} from './judgement.ts';
import { type OotoBody, readOotoBody } from './ooto-body.ts';
import { ootoErrors } from './ooto-codes.ts';

/** Judges a reply of OOTO's `/add`. Documented (ooto-enroll.txt): 200 with a template id, 400 with `result.code`. */
export function readOotoReply(response: HttpResponse, options: ReplyOptions): EngineReply {
  return judgeOotoReply<EnrolledReply>(response, options, {
    endpoint: 'enroll',
    readSuccess: ({ status, body }) =>
      isDone(status) && !body.isError && body.templateId !== undefined
        ? enrolled({ status, templateId: body.templateId, body }, options)
        : undefined,
  });
}

/**
 * Judges a reply of OOTO's `/identify`. Documented (ooto-identify.txt): 200 with the best match and its similarity, 400
 * with `result.code`. Assumed: a 200 without a match means that nobody was found. One without any `result`, or with a match
 * that cannot be read, is no answer: taken for "nobody", it would enroll a person twice.
 */
export function readOotoIdentifyReply(response: HttpResponse, options: ReplyOptions): IdentifyReply {
  return judgeOotoReply<IdentifiedReply>(response, options, {
    endpoint: 'identify',
    readSuccess({ status, body }) {
      if (!isDone(status) || body.isError || body.found === undefined) return undefined;
      const transactionId = body.transactionId === undefined ? undefined : options.clean(body.transactionId);
      return {
        kind: 'identified',
        httpStatus: status,
        ...(transactionId ? { transactionId } : {}),
        ...(body.found === null ? {} : { match: body.found }),
      };
    },
  });
}

/**
 * Judges a reply of OOTO's `/delete`. Documented: 200 with a transaction id; 400 with code 400, "Template not found",
 * which is what was asked for: the template is gone. A 200 without a transaction id is not the engine's, and one that names
 * another template, or says who somebody is, answers another call: the call is retried, which is harmless.
 */
export function readOotoDeleteReply(
  response: HttpResponse,
  { templateId }: { readonly templateId: string },
  options: ReplyOptions,
): DeleteReply {
  return judgeOotoReply<DeletedReply>(response, options, {
    endpoint: 'delete',
    readSuccess({ status, body }) {
      const transactionId = body.transactionId === undefined ? undefined : options.clean(body.transactionId);
      const deleted = (existed: boolean): DeletedReply => ({
        kind: 'deleted',
        httpStatus: status,
        existed,
        ...(transactionId ? { transactionId } : {}),
      });
      const isOurs = body.templateId === undefined || isSameTemplate(body.templateId, templateId);
      if (isDone(status) && !body.isError && transactionId && isOurs && !body.found) return deleted(true);
      return status === 400 && isNotFound(body) ? deleted(false) : undefined;
    },
  });
}

/** A 400 with other words means something else, and the template may still be there. */
const isNotFound = ({ code, info = '' }: OotoBody) =>
  code === '400' && /\btemplate\b.*\bnot found\b/i.test(info);

/**
 * Judges a reply of any OOTO endpoint: the kind is decided here, once, and nowhere else. Never throws, whatever the body.
 * A success is read from the body, never from the status alone: `readSuccess` gives undefined for any other body.
 * Documented: 400 with `result.code`. Assumed, since it is not documented: everything about the other statuses,
 * and that the Content-Type need not be checked (an HTML page is no JSON; JSON with another type is still the engine's).
 */
function judgeOotoReply<Success>(
  response: HttpResponse,
  options: ReplyOptions,
  { endpoint, readSuccess }: OotoEndpoint<Success>,
): Success | FailedReply {
  return judgeByStatus(response, endpoint, options) ?? readByBody(response, { ...options, readSuccess });
}

interface OotoEndpoint<Success> {
  /** For messages. */
  readonly endpoint: 'enroll' | 'identify' | 'delete';
  readonly readSuccess: (reply: { status: number; body: OotoBody }) => Success | undefined;
}

function readByBody<Success>(
  response: HttpResponse,
  options: ReplyOptions & Pick<OotoEndpoint<Success>, 'readSuccess'>,
): Success | FailedReply {
  const { status } = response;
  const body = response.text === undefined ? undefined : readOotoBody(response.text);
  const stolen = [body?.templateId, body?.found?.templateId].find((id) => id && options.holdsKey?.(id));
  if (stolen) return judgeUnread(response, options, { shown: `"templateId": ${JSON.stringify(stolen)}` });
  const success = body && options.readSuccess({ status, body });
  if (success !== undefined) return success;
  const isError = body?.isError || (!isFine(status) && body?.templateId === undefined);
  if (body?.code !== undefined && isError)
    return readVerdict({ ...response, code: body.code, body }, options);
  return judgeUnread(response, options, body?.denial);
}

/** A code that is not documented is a verdict as well, unless its words speak of the account or of the engine. */
function readVerdict(
  { status, headers, code, body }: HttpResponse & { code: string; body: OotoBody },
  options: ReplyOptions,
): FailedReply {
  const info = options.clean(body.info ?? '');
  const refusal = Object.hasOwn(ootoErrors, code)
    ? undefined
    : judgeUnknownCode(
        { status, words: options.clean(body.words), shown: info || options.clean(code), headers },
        options,
      );
  if (refusal) return refusal;
  const transactionId = body.transactionId === undefined ? undefined : options.clean(body.transactionId);
  return {
    ...rejected(status, options.clean(code), info || 'the engine gave a code without a message'),
    // An error beside a template id contradicts itself.
    stored: body.templateId === undefined ? 'no' : 'unknown',
    ...(Object.hasOwn(ootoErrors, code) ? {} : { isUndocumented: true }),
    ...(transactionId ? { transactionId } : {}),
  };
}

function enrolled(
  { status, templateId, body }: { status: number; templateId: string; body: OotoBody },
  { clean, keepDemographics }: ReplyOptions,
): EnrolledReply {
  const transactionId = body.transactionId === undefined ? undefined : clean(body.transactionId);
  const checks = {
    ...(body.liveness === undefined ? {} : { liveness: body.liveness }),
    ...(body.deepfake === undefined ? {} : { deepfake: body.deepfake }),
  };
  const leaveOut = keepDemographics ? new Set<string>() : demographics;
  const quality = copyForeignRecord(body.quality, { clean, depth: 3, leaveOut });
  const face = copyForeignRecord({ box: body.box, landmarks: body.landmarks }, { clean, depth: 3 });
  return {
    kind: 'enrolled',
    httpStatus: status,
    templateId,
    ...(transactionId ? { transactionId } : {}),
    ...(Object.keys(checks).length > 0 ? { checks } : {}),
    ...(quality === undefined ? {} : { quality }),
    ...(face === undefined ? {} : { face }),
  };
}
