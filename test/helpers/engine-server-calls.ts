/** One call of the engine server's endpoint. */
export interface ServerCall {
  /** Milliseconds since the server started, at the request's head, on the server's own clock. */
  readonly arrivedAtInMs: number;
  /** For how long the server had not looked at its sockets by then: by so much earlier the call may have arrived. */
  readonly heldInMs: number;
  /** The same moment as a date. */
  readonly arrivedAt: string;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The client's port: calls over one connection have the same. */
  readonly port: number;
  templateId?: string;
  photoSha256?: string;
  photoSizeInBytes?: number;
  photoMimeType?: string;
  photoFilename?: string;
  /** Fields of a JSON body, without the photo. */
  fields?: Readonly<Record<string, unknown>>;
  /** The address that the photo was given by. */
  photoAddress?: string;
  violations: readonly string[];
  /** The step of the script that was played. */
  played?: string;
  /** The client went away before it had its answer. */
  abandoned?: true;
  /** The status answered; absent if none was. */
  status?: number;
  /** Milliseconds since the server started, when the answer was handed over whole. */
  answeredAtInMs?: number;
}

/** The largest number of arrivals in any second, wherever it starts: [t, t + 1000 ms). */
export function worstSecond(arrivalsInMs: readonly number[]): number {
  const sorted = arrivalsInMs.toSorted((a, b) => a - b);
  let worst = 0;
  let first = 0;
  sorted.forEach((arrival, index) => {
    while (arrival - (sorted[first] ?? arrival) >= 1000) first += 1;
    worst = Math.max(worst, index - first + 1);
  });
  return worst;
}

/**
 * The same, of what is certain: the first call of a second may have arrived before the server, held up itself by a busy
 * machine, took note of it.
 */
export function worstCertainSecond(calls: readonly Pick<ServerCall, 'arrivedAtInMs' | 'heldInMs'>[]): number {
  const arrivals = calls.toSorted((a, b) => a.arrivedAtInMs - b.arrivedAtInMs);
  let worst = 0;
  for (const [place, { arrivedAtInMs }] of arrivals.entries()) {
    let count = 1;
    for (let before = place - 1; before >= 0; before -= 1) {
      const call = arrivals[before];
      if (!call || arrivedAtInMs - call.arrivedAtInMs >= 1000) break;
      if (arrivedAtInMs - (call.arrivedAtInMs - call.heldInMs) < 1000) count += 1;
    }
    worst = Math.max(worst, count);
  }
  return worst;
}

/** The same numbers again from the same seed, in [0, 1): mulberry32. */
export function createSeededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
