/**
 * Milliseconds to wait from a Retry-After header: seconds, or a date (RFC 9110 10.2.3); of several numbers, where more
 * than one server on the way added its own, the largest. A date is measured from the reply's own Date header where it has
 * one, since the two clocks may differ; by our own clock where that gives a time that nobody means, since the two
 * headers may come from two servers. Anything else, negative numbers too: undefined. At most `longestRetryAfterInMs`: how long is too long to wait for is the core's decision.
 */
export function retryAfterInMs({
  retryAfter,
  date,
  nowInMs,
}: {
  retryAfter: string | undefined;
  date?: string | undefined;
  nowInMs: number;
}): number | undefined {
  const value = retryAfter?.trim() ?? '';
  if (/^\d+(\.\d+)?(\s*,\s*\d+(\.\d+)?)*$/.test(value)) {
    const seconds = Math.max(...value.split(',').map(Number));
    return Math.min(Math.ceil(seconds * 1000), longestRetryAfterInMs);
  }
  const until = readDate(value);
  if (until === undefined) return undefined;
  const waits = [until - (readDate(date?.trim() ?? '') ?? nowInMs), until - nowInMs];
  const wait = waits.find((one) => one < longestRetryAfterInMs) ?? longestRetryAfterInMs;
  return Math.max(0, wait);
}

/** 31 days: what lies beyond it is no time that anybody means (10^15 seconds are past the end of all calendars). */
export const longestRetryAfterInMs = 31 * 86_400_000;

/** `Date.parse` alone takes nearly everything for a date ("-5" is a year). */
function readDate(text: string): number | undefined {
  if (!/^[A-Z][a-z]{2,8},? [\w :-]+$/.test(text)) return undefined;
  // Every form of an HTTP date is in GMT, though the oldest one does not say so.
  const time = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(time) ? undefined : time;
}
