import { retryDelayInMs } from '../../util/with-retry.ts';

const firstPauseInMs = 5_000;
const longestPauseInMs = 3_600_000;
/** From the first try of a message to the last. */
const triedForInMs = 3 * 86_400_000;
/** Messages that were not taken one after the other: then the receiver is away, and one is tried at a time. */
const awayAfter = 5;

/**
 * Until a message is tried again: 5 s, 10 s, … up to an hour, between half of it and all of it, so that many do not come
 * back at once.
 */
export function pauseAfter(failures: number, random = Math.random): number {
  const whole = { attempt: failures, firstDelayInMs: firstPauseInMs, ceilingInMs: longestPauseInMs };
  return retryDelayInMs({ ...whole, random: () => (1 + random()) / 2 });
}

/** No pause is as long as one seems to be that was begun before this machine's clock was set back: it is over. */
export const isPauseOver = (until: number, now: number): boolean =>
  until <= now || until > now + longestPauseInMs;

export const isGivenUp = ({ firstAt, now }: { firstAt: number; now: number }) =>
  now - firstAt >= triedForInMs;

/** Whether the receiver takes messages, by those that it did or did not take last. */
export function createReceiverHealth(random = Math.random) {
  let failures = 0;
  let failing: { since: string; reason: string } | undefined;
  let nextAt = 0;
  return {
    get failing() {
      return failing;
    },
    /** Messages that may be tried at once now: all, one or none. */
    mayTry(now: number): number {
      if (failures < awayAfter) return Number.POSITIVE_INFINITY;
      return isPauseOver(nextAt, now) ? 1 : 0;
    },
    note({ reason, now }: { reason: string | undefined; now: number }): void {
      failures = reason === undefined ? 0 : failures + 1;
      if (reason === undefined) failing = undefined;
      else failing = { since: failing?.since ?? new Date(now).toISOString(), reason };
      if (failures >= awayAfter) nextAt = now + pauseAfter(failures - awayAfter + 1, random);
    },
  };
}
