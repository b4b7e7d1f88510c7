import { redactAddress } from './redact-address.ts';
import { readUnescaped } from './unescaped-text.ts';

/** `limit`: in characters. */
export type CleanText = (text: string, limit?: number) => string;

/**
 * Makes text of the other side safe for a message, a report or a log: what is secret is removed (see `createSecretSearch`),
 * then control characters and lone surrogates replaced, then it is cut to `limit` characters.
 */
export function createCleanText({
  secrets,
  limit: usualLimit = 200,
}: {
  secrets: readonly string[];
  limit?: number;
}): CleanText {
  const find = createSecretSearch(secrets);
  return (text, limit = usualLimit) => {
    const start = text.slice(0, longestRead);
    const clean = withoutSpans(start, find(start)).replace(controlCharacters, ' ').toWellFormed().trim();
    return clean.length <= limit ? clean : `${clean.slice(0, limit - 1).toWellFormed()}…`;
  };
}

const longestRead = 20_000;

/** Line and paragraph separators, and what turns the direction of writing, count as control characters here. */
const controlCharacters = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

export interface Span {
  readonly start: number;
  /** Behind the last character. */
  readonly end: number;
}

/**
 * Finds in a text of the other side what must not go on: secrets, as they are, in other letter case, in hex and in base64
 * (also within something longer); what addresses carry besides host and path; bytes of a picture. All of that also under
 * up to three layers of percent signs, JSON's escapes and HTML's entities.
 */
export function createSecretSearch(secrets: readonly string[]): (text: string) => Span[] {
  const patterns = secrets.filter((secret) => secret.length >= shortestSecret).flatMap(patternsOf);
  patterns.push(pictureBytes);
  const mayHoldOne = anyOf([...patterns, addressSigns, escapeSigns]);
  return (text) => {
    // Most texts of a reply hold nothing of all that, which one look shows.
    if (!mayHoldOne.test(text)) return [];
    return readUnescaped(text).flatMap((view) =>
      [...patterns.flatMap((pattern) => matchesOf(pattern, view.text)), ...secretsOfAddresses(view.text)].map(
        ({ start, end }) => ({ start: view.starts[start] ?? 0, end: view.ends[end - 1] ?? text.length }),
      ),
    );
  };
}

const anyOf = (patterns: readonly RegExp[]) =>
  new RegExp(patterns.map(({ source }) => source).join('|'), 'i');

/** Shorter ones are no secrets, and would tear every word apart. */
const shortestSecret = 4;
/** A shorter piece of base64 may be anything. */
const shortestPiece = 6;

/** How JPEG, PNG and WebP begin in base64. */
const pictureBytes = /(?:\/9j\/|iVBORw0KGgo|UklGR)[\w+/=-]*/g;

function patternsOf(secret: string): RegExp[] {
  const bytes = Buffer.from(secret);
  const whole = [secret, bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url')];
  const pieces = [0, 1, 2].map((shift) => base64Inside(bytes, shift));
  const inUrl = pieces.map((piece) => piece.replaceAll('+', '-').replaceAll('/', '_'));
  const long = [...pieces, ...inUrl].filter((piece) => piece.length >= shortestPiece);
  return [...new Set([...whole, ...long])].map(
    (spelling) => new RegExp(spelling.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'gi'),
  );
}

/** What stands in base64 for these bytes, wherever they begin in what was encoded: without the signs shared with others. */
function base64Inside(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
  const end = Math.floor(((shift + bytes.length) * 8) / 6);
  return text.slice(Math.ceil((shift * 8) / 6), end);
}

function matchesOf(pattern: RegExp, text: string): Span[] {
  return [...text.matchAll(pattern)].map(({ index, 0: found }) => ({
    start: index,
    end: index + found.length,
  }));
}

/** What every address of `addresses` has in it, and every escape of `readUnescaped`. */
const addressSigns = /:\/\/|data:/;
const escapeSigns = /[%\\&]/;

const addresses = /\b[a-z][a-z\d+.-]{0,20}:\/\/[^\s"'<>`]+|\bdata:[^\s"'<>]+/gi;

/** User and password, query and fragment, where they are not known to be harmless. */
function secretsOfAddresses(text: string): Span[] {
  return matchesOf(addresses, text).flatMap(({ start, end }) => {
    const address = text.slice(start, end);
    if (!redactAddress(address).secret) return [];
    const afterScheme = start + address.search(/:(\/\/)?/) + (address.startsWith('data:') ? 1 : 3);
    const rest = text.slice(afterScheme, end);
    const [authority = ''] = rest.split(/[/?#]/, 1);
    const more = rest.search(/[?#]/);
    const spans = [
      ...(authority.includes('@')
        ? [{ start: afterScheme, end: afterScheme + authority.lastIndexOf('@') }]
        : []),
      ...(more === -1 ? [] : [{ start: afterScheme + more + 1, end }]),
    ].filter((span) => span.end > span.start);
    return spans.length > 0 ? spans : [{ start: afterScheme, end }];
  });
}

function withoutSpans(text: string, spans: readonly Span[]): string {
  let result = '';
  let place = 0;
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    if (start >= place) result += `${text.slice(place, start)}[redacted]`;
    place = Math.max(place, end);
  }
  return result + text.slice(place);
}
