import { z } from 'zod';

const rateSchema = z.object({ ratePerSecond: z.number(), seenAt: z.number() });

const pauseSchema = z.object({
  reason: z.enum(['refused', 'throttled', 'down', 'user']),
  message: z.string(),
  since: z.number(),
});

/** Unavailable replies in a row, without one success, of photos that did not fail before. */
const streakSchema = z.object({
  replies: z.number(),
  firstAt: z.number(),
  lastAt: z.number(),
  /** The first few different photos of the streak, and how many attempts it charged each. */
  charges: z.record(z.string(), z.number()),
  message: z.string(),
});

const downSchema = z.object({
  nextProbeAt: z.number(),
  probeDelayInMs: z.number(),
  /** Who may make the one call. Ends by itself, so that a dead prober blocks nobody. */
  probe: z.object({ by: z.string(), until: z.number() }).nullable().default(null),
});

const throttlingSchema = z.object({
  since: z.number(),
  lastAt: z.number(),
  /** What a Retry-After asked for. */
  until: z.number().default(0),
});

/**
 * What all processes know about an account. An empty object is a fresh account; fields of a newer version survive.
 * All times are milliseconds since the epoch by the store's clock. The transitions are pure functions
 * `(state, event, now) => state` in the `account-*.ts` files beside this one; each returns the very state it was
 * given when nothing changes, which is how a gate knows that there is nothing to write.
 */
export const accountStateSchema = z.looseObject({
  /** Rates by process name. */
  rates: z.record(z.string(), rateSchema).default({}),
  /** Share of the rate that is used: `value` at `at`, recovering from there; `cutAt` is the last cut. */
  pace: z
    .object({ value: z.number(), at: z.number(), cutAt: z.number() })
    .default({ value: 1, at: 0, cutAt: 0 }),
  /** Throttled replies without a success since. */
  throttling: throttlingSchema.nullable().default(null),
  streak: streakSchema.nullable().default(null),
  down: downSchema.nullable().default(null),
  /** Different photos in a row that met a refusal which is no proof by itself. */
  refusedPhotos: z.array(z.string()).default([]),
  pause: pauseSchema.nullable().default(null),
});

export type AccountState = z.infer<typeof accountStateSchema>;

/** `text` as a store keeps it; nothing at all is a fresh account. */
export function parseAccountState(text: string | null | undefined): AccountState {
  return accountStateSchema.parse(text ? JSON.parse(text) : {});
}
