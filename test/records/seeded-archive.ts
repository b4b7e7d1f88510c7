import type { Outcome } from '../../src/records/report/report-line.ts';

interface Habits {
  readonly unreadable: number;
  readonly duplicate: number;
  readonly rejected: number;
  /** Of each call that enrolls: no answer, and throttled. */
  readonly unavailable: number;
  readonly throttled: number;
}

const maxAttempts = 5;

/** An archive and an engine whose habits follow from a seed: outcomes as a worker returns them, with `--dedupe`. */
export function createArchive(seed: number) {
  const random = randomOf(seed);
  const upTo = (most: number) => random() ** 2 * most;
  return archiveOf(random, {
    unreadable: upTo(0.1),
    duplicate: upTo(0.2),
    rejected: upTo(0.3),
    unavailable: upTo(0.1),
    throttled: upTo(0.2),
  });
}

function archiveOf(random: () => number, habits: Habits) {
  return {
    outcomes: (count: number) => Array.from({ length: count }, () => outcomeOf(random, habits)),
    /** The same engine on another day. */
    anotherNight: () =>
      archiveOf(random, {
        ...habits,
        unavailable: habits.unavailable * (0.5 + random()),
        throttled: habits.throttled * (0.5 + random()),
      }),
  };
}

function outcomeOf(random: () => number, habits: Habits): Partial<Outcome> {
  if (random() < habits.unreadable)
    return { status: 'failed', error: { kind: 'photo', message: 'it is gone' }, attempts: 0 };
  if (random() < habits.duplicate) return { status: 'duplicate', attempts: 0, calls: 1, identifications: 1 };
  let [calls, attempts] = [1, 0];
  while (attempts < maxAttempts) {
    calls += 1;
    if (random() < habits.throttled) continue;
    attempts += 1;
    if (random() < habits.unavailable) continue;
    const status = random() < habits.rejected ? 'rejected' : 'enrolled';
    return { status, attempts, calls, identifications: 1 };
  }
  return { status: 'failed', attempts, calls, identifications: 1 };
}

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
