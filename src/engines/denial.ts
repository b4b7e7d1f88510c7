import { namesThatComeTwice } from '../util/names-that-come-twice.ts';
import { isObject } from './foreign-value.ts';

/**
 * What a body says of its own failure, outside the fields that an engine's page documents. Success is only what the page,
 * or the one assumption that an adapter documents, calls success: an id beside "not stored" is none. Read from the top
 * of the body and from the objects in which results lie; a face's description is not looked at.
 */
export interface Denial {
  /** For a message, to be cleaned: `"error": "not stored"`. */
  readonly shown: string;
}

/** undefined: nothing speaks against a success. `text`: the same body, in which names that come twice are still there. */
export function denialIn(body: Readonly<Record<string, unknown>>, text: string): Denial | undefined {
  const denials = placesIn(body)
    .flatMap((place) => Object.entries(place))
    .filter(([name, value]) => ruleOf(name)?.denies(value))
    .map(([name, value]) => `"${name}": ${JSON.stringify(shownValue(value))}`);
  const twice = [...namesThatComeTwice(text)].filter(decides).map((name) => `"${name}" comes twice`);
  const all = [...denials, ...twice];
  return all.length === 0 ? undefined : { shown: all.slice(0, 3).join(', ') };
}

/** The words that a body has for people, in one text: what is said of throttling, quotas and credentials is there. */
export function wordsIn(body: Readonly<Record<string, unknown>>): string {
  const words: string[] = [];
  for (const place of placesIn(body)) {
    for (const [name, value] of Object.entries(place)) {
      const isWords = wordNames.test(plain(name)) || errorNames.test(plain(name));
      if (isWords) words.push(...textsIn(value, 3));
    }
  }
  return words.join('; ').slice(0, 1_000);
}

/** Whether words for people say that what was asked was not done. Their language is not documented. */
export function saysFailure(words: string): boolean {
  return failureWords.test(words.replace(nothingWrong, ' '));
}

/** Whether words for people say that what was asked was done. */
export function saysSuccess(words: string): boolean {
  return /\bsuccess(ful(ly)?)?\b/i.test(words) && !saysFailure(words);
}

/** Assumed: how an engine, or a gateway before it, asks for fewer calls in words is not documented. */
export function saysThrottled(words: string): boolean {
  return throttlingWords.test(words.replace(/[\s_-]+/g, ' '));
}

/** The status of HTTP that a body names where others name a code; `words`: see `wordsIn`. */
export const statusSaid = (words: string): number | undefined =>
  words
    .split(/;\s*/)
    .filter((word) => /^[45]\d\d$/.test(word))
    .map(Number)[0];

/** Assumed: how an engine says that it failed itself, and not the photo, is not documented. */
export const saysOwnFault = (words: string): boolean => ownFaultWords.test(words.replace(/[\s_-]+/g, ' '));

const ownFaultWords =
  /\binternal (server |service )?error\b|\b(service|server|gateway|backend|upstream|database|index) (is )?(\w+ )?(unavailable|down|overloaded|busy)\b|\btemporarily (unavailable|out of service)\b|\btry again later\b|\btime(d|s)? ?out\b/i;

const throttlingWords =
  /\btoo many (\w+ )?(requests|calls)\b|\brequests? (limit|rate) (is |was )?(exceeded|reached)|\b(rate|concurrency|request|call|api|throughput) ?limit(s|ing)? (\w+ ){0,3}(exceeded|reached|hit)\b|\b(exceed(s|ed|ing)?|reached|hit|over) (\w+ ){0,3}(rate|concurrency|request|call) ?limit|\brate limited\b|\bthrottl(ed|ing)\b|\bslow down\b/i;

const failureWords =
  /\b(errors?|fail(s|ed|ing|ure|ures)?|unsuccess\w*|denied|rejected|refused|invalid|illegal|exceed(s|ed|ing)?|unable|cannot|can not|can't|could not|couldn't|not|no|never|without|too (many|large|small|fast)|time(d|s)? ?out|expired|unavailable|unauthori[sz]ed|forbidden|try again|retry|throttl\w*|blocked|read[ -]only|queued|pending|partial(ly)?|gagal|tidak|bukan|belum|ditolak|habis)\b/i;
const nothingWrong = /\b(no|0|zero|without( any)?) (errors?|failures?|problems?|warnings?)\b/gi;

/** Names without signs, in lower case. The first rule that fits stands. */
const errorNames =
  /^(errors?|err|exceptions?|faults?|failures?|fail(ed)?|rejected|err(or)?(code|message|msg|info|description|detail|details|text|type|reason|name))$/;
const wordNames =
  /^(message|messages|msg|info|details?|description|title|reasons?|warnings?|statustext|statusmessage|hint|note|code|status|httpstatus|(http)?statuscode|httpcode)$/;

const rules: readonly { readonly names: RegExp; readonly denies: (value: unknown) => boolean }[] = [
  { names: /^(is)?(success|succeeded|successful|ok|stored|saved|enrolled|accepted)$/, denies: isNo },
  { names: errorNames, denies: isSomething },
  {
    names: /^(status|state|outcome|result|code|httpstatus|(http)?statuscode|httpcode)$/,
    denies: isBadStatus,
  },
  {
    names: /^(message|msg|info|details?|description|reason|statustext|statusmessage)$/,
    denies: (value) => typeof value === 'string' && saysFailure(value),
  },
];

const ruleOf = (name: string) => {
  const plainName = plain(name);
  return rules.find(({ names }) => names.test(plainName));
};

/** Where one of two is kept, a reply may be taken for what it is not: whose template, what was found, what was checked. */
const deciding =
  /^((template|subject)id|enroll|search|matches|(is)?match|verified|similarity\w*|liveness|deepfake|fine)$/;
const decides = (name: string) => ruleOf(name) !== undefined || deciding.test(plain(name));

function isNo(value: unknown): boolean {
  return (
    value === false || value === 0 || (typeof value === 'string' && /^(false|no|0|n)$/i.test(value.trim()))
  );
}

/** Anything but the ways to say "none". What lies deeper than anybody says it is something. */
function isSomething(value: unknown, depth = deepestSaying): boolean {
  if (typeof value === 'string')
    return !/^(|none|null|nil|ok|no|false|0+|success(ful)?|no[ _-]?errors?|n\/a|-)$/i.test(value.trim());
  if (typeof value === 'object' && value !== null)
    return depth === 0 || Object.values(value).some((inner) => isSomething(inner, depth - 1));
  return value !== null && value !== undefined && value !== false && value !== 0;
}

const deepestSaying = 20;

function isBadStatus(value: unknown): boolean {
  if (value === false) return true;
  const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  return /^[45]\d\d$/.test(text) || (text !== '' && failureStatus.test(text));
}

const failureStatus =
  /^(err(or)?|fail(ed|ure|s)?|failure|ko|nok|not[ _-]?ok|rejected|denied|refused|invalid|unsuccessful|aborted|cancell?ed|time[ -]?out|queued|pending|processing|in[ _-]?progress|retry|throttled|false|gagal)$/i;

/** Where engines put results, and gateways what they have to say. */
function placesIn(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>[] {
  const result = ['result', 'data', 'response'].map((name) => body[name]).filter(isObject);
  return [body, ...result, ...result.flatMap((place) => [place.enroll, place.search]).filter(isObject)];
}

const plain = (name: string) => name.replace(/[^a-z\d]/gi, '').toLowerCase();

function textsIn(value: unknown, depth: number): string[] {
  if (typeof value === 'string' || typeof value === 'number') return [String(value)];
  if (depth === 0 || typeof value !== 'object' || value === null) return [];
  return Object.values(value)
    .slice(0, 20)
    .flatMap((inner) => textsIn(inner, depth - 1));
}

/** The first words in a value, or the value where it is short. */
function shownValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return textsIn(value, 3).join('; ').slice(0, 300);
}
