import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type ServerCall, worstCertainSecond } from './engine-server-calls.ts';

/** Between two looks a process was ready to run for so long, and had no core. Times as of `Date.now`. */
export interface HoldUp {
  /** Absent of the watch itself. */
  readonly pid?: number;
  readonly from: number;
  readonly to: number;
  readonly inMs: number;
}

/** Tells what a busy machine did to a measurement from what the measured program did. */
export interface HoldUpWatch {
  /** This process counts from now on, too. */
  watch(pid: number): void;
  /** All hold-ups until now. */
  read(): Promise<readonly HoldUp[]>;
  close(): Promise<void>;
}

export async function watchHoldUps(): Promise<HoldUpWatch> {
  const thread = new Worker(new URL('./hold-ups-thread.js', import.meta.url));
  thread.unref();
  await once(thread, 'online');
  return {
    watch: (pid) => thread.postMessage(pid),
    async read() {
      thread.postMessage('read');
      const [holdUps] = (await once(thread, 'message')) as [HoldUp[]];
      return holdUps;
    },
    close: async () => void (await thread.terminate()),
  };
}

/** What was held up so shortly before it called may have called late, but by no more than is believed here. */
const shortlyInMs = 100;
const mostInMs = 150;

export type Arrival = Pick<ServerCall, 'arrivedAt' | 'arrivedAtInMs' | 'heldInMs'>;

/**
 * The largest number of calls in any second that were certainly due in it: a call that left late for want of a core, and
 * is followed by others in time, seems to come too soon before them. Nothing is forgiven where no second has more
 * than `rate` calls anyway; on a machine that holds up every call a fifth above the rate still shows.
 */
export function worstSecondButForHoldUps(options: {
  readonly calls: readonly Arrival[];
  readonly rate: number;
  readonly holdUps: readonly HoldUp[];
}): number {
  const { calls, rate, holdUps } = options;
  const worst = worstCertainSecond(calls);
  if (worst <= rate) return worst;
  return worstCertainSecond(
    calls.map((call) => ({ ...call, heldInMs: call.heldInMs + latenessAt(call, holdUps) })),
  );
}

/** By how much a call may have been late: the longest that anybody was held up shortly before. */
function latenessAt({ arrivedAt }: Arrival, holdUps: readonly HoldUp[]): number {
  const at = Date.parse(arrivedAt);
  const sums = new Map<number | undefined, number>();
  for (const { pid, from, to, inMs } of holdUps)
    if (from <= at && to >= at - shortlyInMs) sums.set(pid, (sums.get(pid) ?? 0) + inMs);
  return Math.min(mostInMs, Math.max(0, ...sums.values()));
}

/**
 * Who uses less of the rate wastes slots. A limiter uses 96.5 % at most, which simulated time shows
 * (`test/account/slot-line.test.ts`); of real processes on a slow machine no more can be asked than this.
 */
export const leastShareUsed = 0.85;

/** Nobody is believed to have been held up for more of a stretch of time than this. */
const mostOfTime = 0.1;
/** Long enough for whatever a limiter does again and again. */
const stretchInMs = 5_000;

/**
 * Which share of the rate calls used in the best five seconds, or in all where that is less, without the time in which
 * somebody was held up: then the program could do nothing. Where a disk or a store stands still on a busy machine
 * nobody counts as held up, which spoils some stretches; slots that a limiter wastes are missing in each of them.
 */
export function shareOfRateUsed(options: {
  readonly calls: readonly Arrival[];
  readonly rate: number;
  readonly holdUps: readonly HoldUp[];
}): number {
  const { calls, rate, holdUps } = options;
  const times = calls.map(({ arrivedAt }) => Date.parse(arrivedAt)).toSorted((a, b) => a - b);
  const length = Math.min(stretchInMs, (times.at(-1) ?? 0) - (times[0] ?? 0));
  let best = 0;
  let end = 0;
  for (const [start, from] of times.entries()) {
    while (end < times.length && (times[end] as number) < from + length) end += 1;
    const to = times[end];
    if (to === undefined) break;
    const heldInMs = Math.min(timeHeld(from, to, holdUps), mostOfTime * (to - from));
    best = Math.max(best, ((end - start) / (to - from - heldInMs)) * (1000 / rate));
  }
  return best;
}

/** For how many milliseconds of a stretch of time anybody was held up. */
export function timeHeld(from: number, to: number, holdUps: readonly HoldUp[]): number {
  const parts = holdUps
    .map((holdUp) => ({ from: Math.max(holdUp.to - holdUp.inMs, from), to: Math.min(holdUp.to, to) }))
    .filter((part) => part.to > part.from)
    .toSorted((a, b) => a.from - b.from);
  let [sum, until] = [0, from];
  for (const part of parts) {
    sum += Math.max(0, part.to - Math.max(part.from, until));
    until = Math.max(until, part.to);
  }
  return sum;
}
