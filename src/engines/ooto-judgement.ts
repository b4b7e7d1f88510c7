import type { HttpResponse } from '../util/http/http-exchange.ts';
import type { FailedReply, RefusedReply, RejectedReply } from './engine.ts';
import {
  isFine,
  judgeAccountWords,
  judgeByStatus,
  judgeUnread,
  type ReplyOptions,
  rejected,
} from './judgement.ts';
import { type OotoBody, readOotoBody } from './ooto-body.ts';

/**
 * Judges a reply of any OOTO endpoint: the kind is decided here, once, and nowhere else. Never throws, whatever the body.
 * A success is read from the body, never from the status alone: `readSuccess` gives undefined where the body is none.
 * Documented: 400 with `result.code`. Assumed, since no page tells: everything about the other statuses, and that the
 * Content-Type is not worth asking (an HTML page is no JSON; JSON under another name is still the engine's).
 */
export function judgeOotoReply<Success>(
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
  const success = body && options.readSuccess({ status, body });
  if (success !== undefined) return success;
  const isError = body?.isError || (!isFine(status) && body?.templateId === undefined);
  if (body?.code !== undefined && isError) return readVerdict({ status, code: body.code, body }, options);
  const found = body === undefined ? 'no-object' : body.isError ? 'error' : 'other';
  return judgeUnread(response, found, options);
}

function readVerdict(
  { status, code, body }: { status: number; code: string; body: OotoBody },
  options: ReplyOptions,
): RejectedReply | RefusedReply {
  const info = options.clean(body.info ?? '');
  const refusal = documentedCodes.has(code)
    ? undefined
    : judgeAccountWords({ status, words: info, shown: info }, options);
  if (refusal) return refusal;
  const transactionId = body.transactionId === undefined ? undefined : options.clean(body.transactionId);
  return {
    ...rejected(status, options.clean(code), info || 'the engine gave a code without words'),
    // An error beside a template id contradicts itself.
    stored: body.templateId === undefined ? 'no' : 'unknown',
    ...(transactionId ? { transactionId } : {}),
  };
}

/** The page "Engine Errors"; an unknown one is a verdict as well. */
const documentedCodes = new Set(['1', '2', '3', '4', '5', '6', '9']);
