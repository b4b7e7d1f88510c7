export type CleanText = (text: string) => string;

/**
 * Makes text of the other side safe for a message or a report: secrets removed (as they are, URL-encoded and in
 * base64), then control characters and lone surrogates replaced, then cut to `limit` characters.
 */
export function createCleanText({
  secrets,
  limit = 200,
}: {
  secrets: readonly string[];
  limit?: number;
}): CleanText {
  const hidden = secrets.filter((secret) => secret.length >= shortestSecret).flatMap(spellings);
  // The longest first, so that no piece of one is left by another.
  hidden.sort((a, b) => b.length - a.length);
  return (text) => {
    const redacted = hidden.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text);
    const clean = redacted.replace(controlCharacters, ' ').toWellFormed().trim();
    return clean.length <= limit ? clean : `${clean.slice(0, limit - 1).toWellFormed()}…`;
  };
}

/** Shorter ones are no secrets, and would tear every word apart. */
const shortestSecret = 4;

/** Line and paragraph separators, and what turns the direction of writing, count as control characters here. */
const controlCharacters = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    ...new Set([secret, encodeURIComponent(secret), bytes.toString('base64'), bytes.toString('base64url')]),
  ];
}
