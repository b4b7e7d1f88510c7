import { z } from 'zod';

/** Milliseconds in one unit of a duration such as `500ms`, `30s`, `5m`, `1h` or `2d`. */
const unitInMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim());
  if (!match) return undefined;
  const [, amount, unit] = match;
  return Number(amount) * unitInMs[unit as keyof typeof unitInMs];
}

export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return 'unknown';
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${String(seconds % 60).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}

/** A timer that is set to more than this fires at once. */
const longestInMs = 24 * unitInMs.d;

/** A duration in a setting: text with a unit. Value: milliseconds. */
export const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0 && ms <= longestInMs) return ms;
  context.addIssue('expected a duration such as 500ms, 30s, 5m or 1h, 24d at most');
  return z.NEVER;
});

/** First delay and ceiling, `1s..60s`. */
export const backoff = z.string().transform((text, context) => {
  const [first, ceiling, ...rest] = text.split('..').map(parseDuration);
  const isRange = first !== undefined && ceiling !== undefined && rest.length === 0;
  if (isRange && first > 0 && ceiling >= first && ceiling <= longestInMs) {
    return { firstDelayInMs: first, ceilingInMs: ceiling };
  }
  context.addIssue('expected first delay and ceiling such as 1s..60s, 24d at most');
  return z.NEVER;
});

/** A share of the last 1,000 outcomes (`50%`) or a count of dead letters (`200`). */
export const failureThreshold = z.string().transform((text, context) => {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim());
  const amount = Number(match?.[1]);
  if (match?.[2] === '%' && amount > 0 && amount <= 100) return { share: amount / 100 };
  if (match?.[2] === '' && Number.isInteger(amount) && amount > 0) return { count: amount };
  context.addIssue('expected a share such as 50% or a count such as 200');
  return z.NEVER;
});

export type FailureThreshold = z.infer<typeof failureThreshold>;

/** Which photos: `all`, a share (`5%`) or a count (`100`). `all` is the share 1. */
export const sample = z.string().transform((text, context) => {
  if (text.trim().toLowerCase() === 'all') return { share: 1 };
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim());
  const amount = Number(match?.[1]);
  if (match?.[2] === '%' && amount > 0 && amount <= 100) return { share: amount / 100 };
  if (match?.[2] === '' && Number.isSafeInteger(amount) && amount > 0 && amount <= largestCount)
    return { count: amount };
  context.addIssue(`expected all, a share such as 5% or a count such as 100, ${largestCount} at most`);
  return z.NEVER;
});

/** Those chosen by count are kept in memory. */
const largestCount = 1_000_000;

export const similarity = z.string().transform((text, context) => {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  context.addIssue('expected a similarity from 0 to 1, such as 0.75');
  return z.NEVER;
});

export const wholeNumber = (smallest: number, largest: number) =>
  z.string().transform((text, context) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= smallest && value <= largest) return value;
    context.addIssue(`expected a whole number from ${smallest} to ${largest}`);
    return z.NEVER;
  });

export const positiveNumber = (largest: number) =>
  z.string().transform((text, context) => {
    const value = Number(text);
    if (text.trim() !== '' && value > 0 && value <= largest) return value;
    context.addIssue(`expected a number above 0, ${largest} at most`);
    return z.NEVER;
  });

export const onOff = z.string().transform((text, context) => {
  if (['true', '1', 'yes', 'on'].includes(text.toLowerCase())) return true;
  if (['false', '0', 'no', 'off', ''].includes(text.toLowerCase())) return false;
  context.addIssue('expected true or false');
  return z.NEVER;
});

/** Where to listen: `127.0.0.1:8080`, `[::1]:8080`, or a port alone, then on all addresses. */
export const hostAndPort = z.string().transform((text, context) => {
  const match = /^(?:(\[[\da-f:.]+\]|[\w.-]+):)?(\d{1,5})$/i.exec(text.trim());
  const port = Number(match?.[2]);
  if (match && port <= 65_535) return { host: match[1]?.replace(/^\[|\]$/g, ''), port };
  context.addIssue('expected a host and a port such as 0.0.0.0:8080');
  return z.NEVER;
});

/** One of the given words. */
export const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, { error: `expected one of ${words.join(', ')}` });

/** Any text but none at all. */
export const text = z.string().refine((value) => value.trim() !== '', 'expected a value');

/** Words with commas between them; repeated flags are joined the same way. A comma in braces parts nothing: `*.{jpg,png}`. */
export const list = z.string().transform((text) =>
  text
    .split(/,(?![^{}]*\})/u)
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);
