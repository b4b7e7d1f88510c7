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
  /** The first few different photos among them, and how many attempts each was charged. */
  charges: z.record(z.string(), z.number()),
  message: z.string(),
});

const downSchema = z.object({
  nextProbeAt: z.number(),
  probeDelayInMs: z.number(),
  /** Who may make the one call. Ends by itself, so that a dead prober blocks nobody. */
  probe: z.object({ by: z.string(), until: z.number() }).nullable().default(null),
});

/** The latest time that the engine was down: kept when it is over, for who looks now and then. */
const outageSchema = z.object({
  since: z.number(),
  /** When a call was answered again. */
  endedAt: z.number().nullable().default(null),
});

const throttlingSchema = z.object({
  since: z.number(),
  lastAt: z.number(),
  /** What a Retry-After asked for. */
  until: z.number().default(0),
});

/** `by`: the process whose call it was; `isRepeated`: the photo had been refused before. */
const doubtSchema = z.object({ photo: z.string(), by: z.string(), isRepeated: z.boolean().default(false) });

/**
 * What all processes know about an account. An empty object is a fresh account; fields of a newer version survive.
 * All times are milliseconds since the epoch by the store's clock. The transitions are pure functions
 * `(state, event, now) => state` below and in the files beside this one; each returns the very state it was given when
 * nothing changes, which is how a rate limiter knows that there is nothing to write.
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
  outage: outageSchema.nullable().default(null),
  /** Calls that were refused since their process got the latest photo through: see `whose-fault.ts`. */
  doubts: z.array(doubtSchema).default([]),
  /** The latest photos that met a reply which said when the engine will be back. */
  busyPhotos: z.array(z.string()).default([]),
  pause: pauseSchema.nullable().default(null),
});

export type AccountState = z.infer<typeof accountStateSchema>;

/** `text` as a store keeps it; nothing at all is a fresh account. */
export function parseAccountState(text: string | null | undefined): AccountState {
  return accountStateSchema.parse(text ? JSON.parse(text) : {});
}

const seenWithinInMs = 15_000;

/** Notes that a process is there, with the rate it was given; those not seen for a while are forgotten. */
export function processSeen(
  state: AccountState,
  { processName, ratePerSecond }: { processName: string; ratePerSecond: number },
  now: number,
): AccountState {
  return { ...state, rates: { ...recentRates(state, now), [processName]: { ratePerSecond, seenAt: now } } };
}

export function processLeft(state: AccountState, processName: string): AccountState {
  const doubts = withoutDoubtsOf(state, processName);
  if (!state.rates[processName]) return doubts === state.doubts ? state : { ...state, doubts };
  const { [processName]: _left, ...rates } = state.rates;
  return { ...state, rates, doubts };
}

/** Processes that use the account now. */
export const processCount = (state: AccountState, now: number) => Object.keys(recentRates(state, now)).length;

/** The very list where the process has none. */
export function withoutDoubtsOf({ doubts }: AccountState, processName: string): AccountState['doubts'] {
  return doubts.some(({ by }) => by === processName) ? doubts.filter(({ by }) => by !== processName) : doubts;
}

/** With one more; those of processes that died are no evidence any more. */
export function withDoubt(
  state: AccountState,
  doubt: AccountState['doubts'][number],
  now: number,
): AccountState {
  const rates = recentRates(state, now);
  const kept = state.doubts.filter(({ by }) => by === doubt.by || rates[by]);
  return { ...state, doubts: [...kept, doubt] };
}

/** The account is right, whoever lets no photo through. */
export function withoutRepeated(state: AccountState, processName: string): AccountState {
  const doubts = state.doubts.filter(({ by, isRepeated }) => by !== processName || !isRepeated);
  return doubts.length === state.doubts.length ? state : { ...state, doubts };
}

/** Different photos that were refused for the first time. */
export const photosInDoubt = ({ doubts }: AccountState) =>
  new Set(doubts.filter(({ isRepeated }) => !isRepeated).map(({ photo }) => photo)).size;

/** The lowest rate among the process that asks and the others that were seen lately. */
export function lowestRate(
  state: AccountState,
  { processName, ratePerSecond }: { processName: string; ratePerSecond: number },
  now: number,
): number {
  // What it published itself may be older than the runs that it works on now.
  const { [processName]: _own, ...others } = recentRates(state, now);
  return Math.min(ratePerSecond, ...Object.values(others).map((rate) => rate.ratePerSecond));
}

/** The lowest rate among all processes that were seen lately; undefined: there is none. */
export function sharedRate(state: AccountState, now: number): number | undefined {
  const rates = Object.values(recentRates(state, now)).map((rate) => rate.ratePerSecond);
  return rates.length === 0 ? undefined : Math.min(...rates);
}

/** Says so when processes were started with different rates. */
export function rateWarning(state: AccountState, now: number): string | undefined {
  const rates = Object.values(recentRates(state, now)).map((rate) => rate.ratePerSecond);
  const different = [...new Set(rates)].sort((a, b) => a - b);
  if (different.length < 2) return undefined;
  return `Processes on this account were started with different rates (${different.join(', ')} calls a second): the lowest, ${different[0]}, is used. Give all of them the same --rate.`;
}

function recentRates(state: AccountState, now: number): AccountState['rates'] {
  return Object.fromEntries(
    Object.entries(state.rates).filter(([, rate]) => rate.seenAt > now - seenWithinInMs),
  );
}
