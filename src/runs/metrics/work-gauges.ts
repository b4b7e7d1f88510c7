import { Gauge, Registry } from 'prom-client';
import type { AccountPause } from '../../account/rate-limiter.ts';
import { isOver, type RunRecord } from '../../records/run-record.ts';
import type { QueueReading, WorkReading } from './read-work.ts';

/** Runs that are over and shown all the same. */
const newestRuns = 10;
/** However many are open: each is a series of its own. */
const mostRuns = 100;

const pauseReasons: readonly AccountPause['reason'][] = ['refused', 'throttled', 'down', 'user'];

/** State and queue in the text format of Prometheus. Of one that did not answer, nothing is said. */
export function gaugesText({ runs, queue }: WorkReading): Promise<string> {
  const registers = [new Registry()];
  new Gauge({
    ...{ name: 'rollcall_queue_up', registers },
    help: 'Whether the queue answers.',
  }).set(queue ? 1 : 0);
  if (runs) addRuns(runs, registers);
  if (queue) addQueue(queue, registers);
  return registers[0]?.metrics() ?? Promise.resolve('');
}

function addRuns(runs: readonly RunRecord[], registers: Registry[]): void {
  new Gauge({
    ...{ name: 'rollcall_photos_left', registers },
    help: 'Photos that are listed and not done, over all active runs.',
  }).set(photosLeft(runs));
  const info = new Gauge({
    ...{ name: 'rollcall_run_info', labelNames: ['run', 'state', 'engine'], registers },
    help: `Runs that are not over, and the newest ${newestRuns}; the value is always 1.`,
  });
  const shown = runs.filter((run, place) => place < newestRuns || !isOver(run)).slice(0, mostRuns);
  for (const { id, state, engine } of shown) info.set({ run: id, state, engine }, 1);
}

/** Listed and without a line, over all active runs. */
export const photosLeft = (runs: readonly RunRecord[]) =>
  runs
    .filter(({ state }) => state === 'active')
    .reduce((sum, { counts }) => sum + counts.listed - counts.done, 0);

function addQueue({ workers, accounts }: QueueReading, registers: Registry[]): void {
  new Gauge({
    ...{ name: 'rollcall_workers', registers },
    help: 'Processes on this queue that work with this state.',
  }).set(workers);
  new Gauge({
    ...{ name: 'rollcall_rate_limit', registers },
    help: 'Calls a second that are allowed now, over the accounts of all runs that are not over.',
  }).set(accounts.reduce((sum, { rateLimit }) => sum + rateLimit, 0));
  new Gauge({
    ...{ name: 'rollcall_engine_up', registers },
    help: 'Whether the engines of all runs that are not over answer, as far as is known.',
  }).set(accounts.every(({ isUp }) => isUp) ? 1 : 0);
  const paused = new Gauge({
    ...{ name: 'rollcall_account_paused', labelNames: ['reason'], registers },
    help: 'Accounts of runs that are not over whose calls are stopped, by the reason.',
  });
  for (const reason of pauseReasons)
    paused.set({ reason }, accounts.filter(({ pausedFor }) => pausedFor === reason).length);
}
