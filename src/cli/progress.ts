import { SingleBar } from 'cli-progress';
import type { RateLimiterSnapshot } from '../account/rate-limiter.ts';
import type { RunProgress } from '../conductor/conducting.ts';
import { formatDuration } from '../settings/durations.ts';
import { plural } from '../util/plural.ts';
import { showInvisible } from '../util/show-invisible.ts';
import { say } from './output.ts';

const lineEveryInMs = 5_000;
const meterInMs = 30_000;

/** Shows how a run goes: a bar on a terminal, a line every few seconds elsewhere. All of it on stderr. */
export interface ProgressDisplay {
  show(progress: RunProgress, limiter: RateLimiterSnapshot): void;
  stop(): void;
}

export function createProgressDisplay(): ProgressDisplay {
  return process.stderr.isTTY ? createBar() : createLines();
}

/** Photos done a second over the last half minute: calls say nothing of photos that need none. */
function createDoneMeter(): (done: number) => number {
  const samples: { at: number; done: number }[] = [];
  return (done) => {
    const at = performance.now();
    samples.push({ at, done });
    while (samples.length > 2 && at - (samples[0]?.at ?? at) > meterInMs) samples.shift();
    const [first = { at, done }] = samples;
    return at > first.at ? ((done - first.done) / (at - first.at)) * 1000 : 0;
  };
}

function createBar(): ProgressDisplay {
  const bar = new SingleBar({
    format: '{bar} {text}',
    barsize: 24,
    hideCursor: true,
    stream: process.stderr,
    clearOnComplete: true,
  });
  const measure = createDoneMeter();
  let started = false;
  return {
    show(progress, limiter) {
      if (!started) bar.start(Math.max(1, progress.listed), 0, { text: '' });
      started = true;
      bar.setTotal(Math.max(1, progress.listed));
      bar.update(progress.done, {
        text: showInvisible(describe(progress, limiter, measure(progress.done))),
      });
    },
    stop() {
      if (started) bar.stop();
    },
  };
}

function createLines(): ProgressDisplay {
  const measure = createDoneMeter();
  let shownAt = performance.now();
  return {
    show(progress, limiter) {
      const donePerSecond = measure(progress.done);
      if (performance.now() - shownAt < lineEveryInMs) return;
      shownAt = performance.now();
      say(describe(progress, limiter, donePerSecond));
    },
    stop() {},
  };
}

/** One line: done of total, rate against limit, retries, dead letters, time left, and what is waited for. */
export function describe(progress: RunProgress, limiter: RateLimiterSnapshot, donePerSecond: number): string {
  const { listed, listingEnded, done, deadLetters, retries } = progress;
  const total = listingEnded ? `${listed}` : `${listed} listed so far`;
  const left = listed - done;
  const parts = [
    `${done} of ${total}`,
    `${limiter.achievedPerSecond.toFixed(1)}/s of ${Number(limiter.ratePerSecond.toFixed(1))}/s${limiter.heldByConcurrency ? ' (limited by --concurrency)' : ''}`,
    plural(retries, 'retry', 'retries'),
    plural(deadLetters, 'dead letter'),
  ];
  if (left > 0 && donePerSecond > 0) parts.push(`${formatDuration((left / donePerSecond) * 1000)} left`);
  if (limiter.message !== undefined) parts.push(limiter.message);
  return parts.join(', ');
}
