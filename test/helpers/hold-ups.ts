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
/** With more of its calls held up than this, and by more than a moment, a machine was too busy to measure anything. */
const mostOfCalls = 0.25;
const momentInMs = 20;

export type Arrival = Pick<ServerCall, 'arrivedAt' | 'arrivedAtInMs' | 'heldInMs'>;

/**
 * The largest number of calls in any second that were certainly due in it: a call that left late for want of a core, and
 * is followed by others in time, seems to come too soon before them. Nothing is forgiven where no second has more
 * than `rate` calls anyway.
 * @throws where more calls were held up than leave anything to judge
 */
export function worstSecondButForHoldUps(options: {
  readonly calls: readonly Arrival[];
  readonly rate: number;
  readonly holdUps: readonly HoldUp[];
}): number {
  const { calls, rate, holdUps } = options;
  const worst = worstCertainSecond(calls);
  if (worst <= rate) return worst;
  const late = calls.map((call) => ({ ...call, heldInMs: call.heldInMs + latenessAt(call, holdUps) }));
  const held = late.filter(({ heldInMs }) => heldInMs > momentInMs).length;
  if (held > mostOfCalls * calls.length) {
    throw new Error(
      `A second saw ${worst} calls at a rate of ${rate}, but ${held} of ${calls.length} calls found no core when they ` +
        'were due: nothing can be said of the pace. Run this test when nothing else runs.',
    );
  }
  return worstCertainSecond(late);
}

/** By how much a call may have been late: the longest that anybody was held up shortly before. */
function latenessAt({ arrivedAt }: Arrival, holdUps: readonly HoldUp[]): number {
  const at = Date.parse(arrivedAt);
  const sums = new Map<number | undefined, number>();
  for (const { pid, from, to, inMs } of holdUps)
    if (from <= at && to >= at - shortlyInMs) sums.set(pid, (sums.get(pid) ?? 0) + inMs);
  return Math.min(mostInMs, Math.max(0, ...sums.values()));
}

/** Nobody is believed to have been held up for more of a stretch of time than this. */
const mostOfTime = 0.1;

/**
 * Which share of the rate calls used, from the first to the last, in the time in which nobody was held up: then the
 * program could do nothing.
 */
export function shareOfRateUsed(options: {
  readonly calls: readonly Arrival[];
  readonly rate: number;
  readonly holdUps: readonly HoldUp[];
}): number {
  const { calls, rate, holdUps } = options;
  const times = calls.map(({ arrivedAt }) => Date.parse(arrivedAt));
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const heldInMs = Math.min(timeHeld(from, to, holdUps), mostOfTime * (to - from));
  return ((calls.length - 1) / (to - from - heldInMs)) * (1000 / rate);
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
