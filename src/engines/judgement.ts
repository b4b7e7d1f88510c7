import type { CleanText } from '../util/foreign-text.ts';
import type { HttpResponse } from '../util/http/http-exchange.ts';
import type { HttpFailure } from '../util/http/http-failure.ts';
import { parseJson } from '../util/json-text.ts';
import { type Denial, denialIn, saysOwnFault, saysThrottled, statusSaid, wordsIn } from './denial.ts';
import type {
  AccountCheck,
  EngineReply,
  FailedReply,
  RefusedReply,
  RejectedReply,
  ThrottledReply,
} from './engine.ts';
import { copyForeignRecord, isObject } from './foreign-value.ts';
import { retryAfterInMs } from './retry-after.ts';

/** What every engine's replies are judged with. */
export interface ReplyOptions {
  readonly clean: CleanText;
  /** Whether an id holds the account's key: it is none then, since an id is reported as it is. */
  readonly holdsKey?: (id: string) => boolean;
  /** What the user should check when the account or the address is refused; names the settings. */
  readonly fix: { readonly credentials: string; readonly url: string };
  readonly keepDemographics: boolean;
  readonly nowInMs: number;
}

/**
 * The statuses that mean the same whatever the body; undefined for all others. Assumed: no engine documents its 401, 403
 * or 429, or a proxy's 502, so these mean what HTTP says of them.
 */
export function judgeByStatus(
  response: HttpResponse,
  /** For messages. */
  endpoint: string,
  options: ReplyOptions,
): FailedReply | undefined {
  const { status } = response;
  const { fix } = options;
  if (status === 429 || (status === 403 && saysThrottled(wordsOf(response))))
    return throttled(response, options);
  if (status >= 500 || status === 408 || status === 425) {
    const message = `the engine answered ${status}${excerpt(response, options)}`;
    return { kind: 'unavailable', httpStatus: status, message, sent: true, ...waitOf(response, options) };
  }
  if (status === 401)
    return refused(status, 'the engine does not know these credentials', fix.credentials, true);
  if (status === 402) return refused(status, "the account's quota is used up", fix.credentials, true);
  if (status === 403) return refused(status, 'the engine refused access', `${fix.credentials}; ${fix.url}`);
  if (status === 407) return refused(status, 'the proxy asks for a password', proxyFix);
  if ((status >= 300 && status < 400) || [404, 405, 410, 421].includes(status)) {
    return refused(status, `there is no ${endpoint} endpoint at this address`, fix.url);
  }
  return undefined;
}

/** A call that got no reply: settings are at fault where the host is unknown or not trusted; all else is transient. */
export function judgeFailure({ fault, message, sent }: HttpFailure, fix: ReplyOptions['fix']): FailedReply {
  if (fault === 'unknown-host') return { kind: 'refused', certain: false, message, fix: fix.url };
  if (fault === 'certificate')
    return { kind: 'refused', certain: false, message, fix: certificateFix(fix.url) };
  if (fault === 'proxy')
    return { kind: 'refused', certain: false, message, fix: 'check HTTPS_PROXY (or HTTP_PROXY, ALL_PROXY)' };
  return { kind: 'unavailable', message, sent };
}

function certificateFix(urlFix: string): string {
  return `if your network has a certificate authority of its own, name its file in NODE_EXTRA_CA_CERTS; else ${urlFix}`;
}

/**
 * What a call that stores nothing shows of the account. `isAnswered`: whether a rejection proves that address and
 * credentials are right.
 */
export function accountCheckOf(
  reply: EngineReply,
  isAnswered: (reply: RejectedReply) => boolean,
): AccountCheck {
  if (reply.kind === 'enrolled') return { ok: true };
  if (reply.kind === 'rejected' && isAnswered(reply)) return { ok: true };
  if (reply.kind === 'refused') {
    const message = `${reply.message}: ${reply.fix}`;
    return { ok: false, message, ...(!isReached(reply) && { undecided: reply }) };
  }
  if (reply.kind !== 'rejected') return { ok: false, message: reply.message, undecided: reply };
  return { ok: false, message: `${reply.message} (${reply.code})` };
}

/** Whether a refusal is the engine's own: an unknown host, another certificate and a proxy's 407 are not. */
export const isReached = ({ httpStatus }: { readonly httpStatus?: number | undefined }) =>
  httpStatus !== undefined && httpStatus !== 407;

/** A reply with neither a success nor a code in it; `denial`: what an adapter found that speaks against a success. */
export function judgeUnread(response: HttpResponse, options: ReplyOptions, denial?: Denial): FailedReply {
  const { status, headers } = response;
  // A verdict on this photo even if a proxy gave it: the same body would always get the same answer.
  if (status === 413) return tooLarge(status);
  if (status === 415) return rejected(status, 'http-415', 'the engine does not accept this type of photo');
  const words = wordsOf(response);
  const judged = judgeWords({ status, headers, words, shown: options.clean(words) }, options);
  if (judged) return judged;
  const message = `${unreadable(response, options, denial)}${excerpt(response, options)}`;
  return { kind: 'unavailable', httpStatus: status, message, sent: true };
}

/**
 * Whether words that no page documents are about the account and not the photo. Assumed: how an engine says that it is
 * called too fast, that an account is empty or a key is wrong is not documented.
 */
export function judgeWords(
  {
    status,
    headers,
    words,
    shown,
  }: Pick<HttpResponse, 'status' | 'headers'> & { words: string; shown: string },
  options: ReplyOptions,
): ThrottledReply | RefusedReply | undefined {
  const { fix } = options;
  const said = statusSaid(words);
  if (said === 429 || saysThrottled(words)) return throttled({ status, headers }, options);
  if (said === 402 || quotaWords.test(words))
    return refused(status, `the account's quota is used up: ${options.clean(shown)}`, fix.credentials, true);
  if (said === 401 || said === 403 || credentialWords.test(words))
    return refused(status, `the engine refused access: ${options.clean(shown)}`, fix.credentials);
  return undefined;
}

/**
 * The same of a code that no page knows, which else is the engine's verdict on the photo: neither is one that says that the
 * engine itself failed. Assumed, like the words.
 */
export function judgeUnknownCode(
  said: Parameters<typeof judgeWords>[0],
  options: ReplyOptions,
): FailedReply | undefined {
  const { status, words, shown } = said;
  const judged = judgeWords(said, options);
  if (judged) return judged;
  const inner = statusSaid(words) ?? 0;
  if (inner < 500 && inner !== 408 && inner !== 425 && !saysOwnFault(words)) return undefined;
  const message = `the engine failed, as it says: ${options.clean(shown)}`;
  return { kind: 'unavailable', httpStatus: status, message, sent: true, ...waitOf(said, options) };
}

/** What a body says to people; of a web page its text. */
function wordsOf({ text = '' }: HttpResponse): string {
  const body = parseJson(text);
  if (isObject(body)) return wordsIn(body);
  return typeof body === 'object'
    ? ''
    : text
        .slice(0, 4_000)
        .replace(/<(style|script)[\s\S]*?<\/\1>|<[^>]*>/gi, ' ')
        .replace(/\s+/g, ' ');
}

function throttled(
  { status, headers }: Pick<HttpResponse, 'status' | 'headers'>,
  options: ReplyOptions,
): ThrottledReply {
  const message = 'the engine asks for fewer calls';
  return { kind: 'throttled', httpStatus: status, message, ...waitOf({ headers }, options) };
}

function waitOf(
  { headers }: Pick<HttpResponse, 'headers'>,
  { nowInMs }: ReplyOptions,
): { retryAfterInMs?: number } {
  const retryAfter = first(headers['retry-after']);
  const wait = retryAfterInMs({ retryAfter, date: first(headers.date), nowInMs });
  return wait === undefined ? {} : { retryAfterInMs: wait };
}

export function refused(httpStatus: number, message: string, fix: string, certain = false): RefusedReply {
  return { kind: 'refused', certain, httpStatus, message: `${message} (${httpStatus})`, fix };
}

export function rejected(httpStatus: number, code: string, message: string): RejectedReply {
  return { kind: 'rejected', httpStatus, code, message, reasons: [], stored: 'no' };
}

function tooLarge(status: number): RejectedReply {
  return rejected(
    status,
    'http-413',
    'the engine, or a proxy before it, does not accept a photo as large as this one',
  );
}

function unreadable(
  { status, text, unread = 'is too long' }: HttpResponse,
  { clean }: ReplyOptions,
  found?: Denial,
): string {
  if (text === undefined) return `the reply (${status}) ${unread}`;
  const body = parseJson(text);
  if (!isObject(body)) return `the reply (${status}) is not the engine's: no JSON object`;
  if (!isFine(status)) return `the reply (${status}) is an error without a code`;
  if (!isDone(status)) return `the reply has the status ${status}, which is no success`;
  const denial = found ?? denialIn(body, text);
  return denial
    ? `the reply (${status}) is no success: it says ${clean(denial.shown)}`
    : `the reply (${status}) lacks the fields of a success`;
}

/**
 * The start of an error's body that was not understood, to help find the cause. Not of a web page, which says nothing,
 * nor of a success, which would describe a face. JSON is cleaned value by value: an escaped secret is a secret, too.
 */
function excerpt({ status, text = '' }: HttpResponse, { clean }: ReplyOptions): string {
  if (status < 400 || /^\s*</.test(text)) return '';
  const record = copyForeignRecord(parseJson(text), { clean, depth: 3, leaveOut: demographics });
  const words = record === undefined ? clean(text) : clean(JSON.stringify(record));
  return words === '' ? '' : `: ${words.replace(/\s+/g, ' ')}`;
}

export const demographics = new Set(['age', 'gender', 'race']);
const quotaWords =
  /\bquota\b|payment required|insufficient (balance|funds|credits?)|(subscription|licen[cs]e) (has )?expired/i;
const credentialWords = /\bapp[-_ ]?(id|key)\b|\bapi[-_ ]?key\b|\bunauthori[sz]ed\b/i;
/** A status that is no error. */
export const isFine = (status: number) => status >= 200 && status < 300;

/**
 * A status that a success may have: 202 says that nothing is done yet, 206 and 207 that not all of it is, 204 and 205 have
 * no body.
 */
export const isDone = (status: number) => status === 200 || status === 201 || status === 203;

const proxyFix = 'put user and password of the proxy into the address in HTTPS_PROXY or HTTP_PROXY';

function first(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
