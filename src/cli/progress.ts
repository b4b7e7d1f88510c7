import { SingleBar } from 'cli-progress';
import type { GateSnapshot } from '../account/gate.ts';
import type { RunProgress } from '../conductor/conducting.ts';
import { formatDuration } from '../settings/values.ts';
import { say } from './command-context.ts';

const lineEveryInMs = 5_000;
const meterInMs = 30_000;

/** Shows how a run goes: a bar on a terminal, a line every few seconds elsewhere. All of it on stderr. */
export interface ProgressDisplay {
  show(progress: RunProgress, gate: GateSnapshot): void;
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
    show(progress, gate) {
      if (!started) bar.start(Math.max(1, progress.listed), 0, { text: '' });
      started = true;
      bar.setTotal(Math.max(1, progress.listed));
      bar.update(progress.done, { text: describe(progress, gate, measure(progress.done)) });
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
    show(progress, gate) {
      const donePerSecond = measure(progress.done);
      if (performance.now() - shownAt < lineEveryInMs) return;
      shownAt = performance.now();
      say(describe(progress, gate, donePerSecond));
    },
    stop() {},
  };
}

/** One line: done of total, rate against limit, retries, dead letters, time left, and what is waited for. */
export function describe(progress: RunProgress, gate: GateSnapshot, donePerSecond: number): string {
  const { listed, listingEnded, done, deadLetters, retries } = progress;
  const total = listingEnded ? `${listed}` : `${listed} listed so far`;
  const left = listed - done;
  const parts = [
    `${done} of ${total}`,
    `${gate.achievedPerSecond.toFixed(1)}/s of ${Number(gate.ratePerSecond.toFixed(1))}/s${gate.heldByConcurrency ? ' (held back by --concurrency)' : ''}`,
    `${retries} retries`,
    `${deadLetters} dead letters`,
  ];
  if (left > 0 && donePerSecond > 0) parts.push(`${formatDuration((left / donePerSecond) * 1000)} left`);
  if (gate.message !== undefined) parts.push(gate.message);
  return parts.join(', ');
}
