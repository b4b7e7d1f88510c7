import type { HttpResponse } from '../network/http-exchange.ts';
import type { FailedReply, RefusedReply, RejectedReply } from './engine.ts';
import type { CleanText } from './foreign-text.ts';
import { copyForeignRecord } from './foreign-value.ts';
import { type OotoBody, parseJson, readOotoBody } from './ooto-body.ts';
import { retryAfterInMs } from './retry-after.ts';

export interface OotoReplyOptions {
  readonly clean: CleanText;
  /** What the user is to look at when the account is refused; names the settings. */
  readonly mend: { readonly credentials: string; readonly url: string };
  readonly keepDemographics: boolean;
  readonly nowInMs: number;
}

/**
 * Judges a reply of any OOTO endpoint: the kind is decided here, once, and nowhere else. Never throws, whatever the body.
 * A success is read from the body, never from the status alone: `readSuccess` gives undefined where the body is none.
 * Documented: 400 with `result.code`. Assumed, since no page tells: everything about the other statuses, and that the
 * Content-Type is not worth asking (an HTML page is no JSON; JSON under another name is still the engine's).
 */
export function judgeOotoReply<Success>(
  response: HttpResponse,
  options: OotoReplyOptions,
  { endpoint, readSuccess }: OotoEndpoint<Success>,
): Success | FailedReply {
  return (
    readByStatus(response, endpoint, options) ?? readByBody(response, { ...options, endpoint, readSuccess })
  );
}

interface OotoEndpoint<Success> {
  /** For messages. */
  readonly endpoint: 'enroll' | 'identify' | 'delete';
  readonly readSuccess: (reply: { status: number; body: OotoBody }) => Success | undefined;
}

/** The statuses that speak for themselves. */
function readByStatus(
  response: HttpResponse,
  endpoint: string,
  options: OotoReplyOptions,
): FailedReply | undefined {
  const { status } = response;
  const { mend } = options;
  if (status === 429) return throttled(response, options);
  if (status >= 500 || status === 408 || status === 425) {
    const message = `the engine answered ${status}${excerpt(response, options)}`;
    return { kind: 'unavailable', httpStatus: status, message, sent: true };
  }
  if (status === 401)
    return refused(status, 'the engine does not know these credentials', mend.credentials, true);
  if (status === 402) return refused(status, "the account's quota is used up", mend.credentials, true);
  if (status === 403) return refused(status, 'the engine refused access', `${mend.credentials}; ${mend.url}`);
  if (status === 407) return refused(status, 'the proxy wants a password', proxyMend);
  if ((status >= 300 && status < 400) || [404, 405, 410, 421].includes(status)) {
    return refused(status, `there is no ${endpoint} endpoint at this address`, mend.url);
  }
  return undefined;
}

function readByBody<Success>(
  response: HttpResponse,
  options: OotoReplyOptions & OotoEndpoint<Success>,
): Success | FailedReply {
  const { status } = response;
  const body = response.text === undefined ? undefined : readOotoBody(response.text);
  const success = body && options.readSuccess({ status, body });
  if (success !== undefined) return success;
  const isError = body?.isError || (!isFine(status) && body?.templateId === undefined);
  if (body?.code !== undefined && isError) return readVerdict({ status, code: body.code, body }, options);
  // About this photo, though a proxy said it: the same body would always get the same answer.
  if (status === 413) return tooLarge(status);
  if (status === 415) return rejected(status, 'http-415', 'the engine does not take this type of photo');
  const message = `${unreadable(response, body)}${excerpt(response, options)}`;
  return { kind: 'unavailable', httpStatus: status, message, sent: true };
}

function readVerdict(
  { status, code, body }: { status: number; code: string; body: OotoBody },
  { clean, mend }: OotoReplyOptions,
): RejectedReply | RefusedReply {
  const info = clean(body.info ?? '');
  if (!documentedCodes.has(code)) {
    // Assumed: no page tells how OOTO says that an account is empty or that a key is wrong.
    if (quotaWords.test(info))
      return refused(status, `the account's quota is used up: ${info}`, mend.credentials, true);
    if (credentialWords.test(info))
      return refused(status, `the engine refused access: ${info}`, mend.credentials);
  }
  const transactionId = body.transactionId === undefined ? undefined : clean(body.transactionId);
  return {
    ...rejected(status, clean(code), info || 'the engine gave a code without words'),
    // An error beside a template id contradicts itself.
    stored: body.templateId === undefined ? 'no' : 'unknown',
    ...(transactionId ? { transactionId } : {}),
  };
}

function throttled({ status, headers }: HttpResponse, { nowInMs }: OotoReplyOptions): FailedReply {
  const retryAfter = first(headers['retry-after']);
  const wait = retryAfterInMs({ retryAfter, date: first(headers.date), nowInMs });
  const message = 'the engine asks for fewer calls';
  return {
    kind: 'throttled',
    httpStatus: status,
    message,
    ...(wait === undefined ? {} : { retryAfterInMs: wait }),
  };
}

function refused(httpStatus: number, message: string, mend: string, certain = false): RefusedReply {
  return { kind: 'refused', certain, httpStatus, message: `${message} (${httpStatus})`, mend };
}

function rejected(httpStatus: number, code: string, message: string): RejectedReply {
  return { kind: 'rejected', httpStatus, code, message, reasons: [], stored: 'no' };
}

function tooLarge(status: number): RejectedReply {
  return rejected(
    status,
    'http-413',
    'the engine, or a proxy before it, takes no photo as large as this one',
  );
}

function unreadable({ status, text }: HttpResponse, body: OotoBody | undefined): string {
  if (text === undefined) return `the reply (${status}) is too long to be one of the engine's`;
  if (body === undefined) return `the reply (${status}) is not the engine's: no JSON`;
  if (isFine(status) && !body.isError) return `the reply (${status}) lacks what a success has`;
  return `the reply (${status}) is an error without a code`;
}

/**
 * The start of an error's body that was not understood, for whoever has to find out. A web page tells nothing; the
 * body of a success would tell of a face. What is JSON is cleaned value by value: an escaped secret is one, too.
 */
function excerpt({ status, text = '' }: HttpResponse, { clean }: OotoReplyOptions): string {
  if (status < 400 || /^\s*</.test(text)) return '';
  const record = copyForeignRecord(parseJson(text), { clean, depth: 3, leaveOut: demographics });
  const words = record === undefined ? clean(text) : clean(JSON.stringify(record));
  return words === '' ? '' : `: ${words.replace(/\s+/g, ' ')}`;
}

/** The page "Engine Errors"; an unknown one is a verdict as well. */
const documentedCodes = new Set(['1', '2', '3', '4', '5', '6', '9']);
export const demographics = new Set(['age', 'gender', 'race']);
const quotaWords =
  /\bquota\b|payment required|insufficient (balance|funds|credits?)|(subscription|licen[cs]e) (has )?expired/i;
const credentialWords = /\bapp[-_ ]?(id|key)\b|\bapi[-_ ]?key\b|\bunauthori[sz]ed\b/i;
/** A status that a success may have. */
export const isFine = (status: number) => status >= 200 && status < 300;

const proxyMend = 'put user and password of the proxy into the address in HTTPS_PROXY or HTTP_PROXY';

function first(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
