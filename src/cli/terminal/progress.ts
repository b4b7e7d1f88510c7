import type { RateLimiterSnapshot } from '../../account/rate-limiter.ts';
import type { RunProgress } from '../../conductor/conducting.ts';
import { meaningOfCode } from '../../engines/registry.ts';
import { type Progress, progressSchemaName } from '../../records/progress.ts';
import type { LiveLines } from './live-lines.ts';
import { say, sayJson } from './output.ts';
import { type ProgressView, progressLines, progressText, timeLeft, waitOf } from './progress-lines.ts';

export type ProgressForm = 'text' | 'json';

const drawEveryInMs = 1_000;
const lineEveryInMs = 5_000;
/** Calls say nothing of photos that need none. */
const doneOverInMs = 30_000;
const callsOverInMs = 5_000;

/** Shows how a run goes: two lines on a terminal, a line every few seconds elsewhere, or JSON. All of it on stderr. */
export interface ProgressDisplay {
  show(progress: RunProgress): void;
  /** `end`: what became of the run, as far as this process knows. */
  stop(end: Progress['state']): void;
}

/** What is shown goes on by itself between two reports: a run that has fallen silent is seen to be. */
export function createProgressDisplay(options: {
  run: string;
  engine: string;
  form: ProgressForm;
  live: LiveLines | undefined;
  readLimiter: () => RateLimiterSnapshot;
}): ProgressDisplay {
  const { run, engine, form, live, readLimiter } = options;
  const [doneMeter, callMeter] = [createMeter(doneOverInMs), createMeter(callsOverInMs)];
  const startedAt = performance.now();
  let latest: (Pick<ProgressView, 'progress' | 'donePerSecond'> & { calls: number; at: number }) | undefined;

  function view(): ProgressView | undefined {
    if (!latest) return undefined;
    const now = performance.now();
    const limiter = readLimiter();
    return {
      ...latest,
      limiter,
      // This process knows at once what it does, and of the others when their photos are done.
      callsPerSecond: Math.max(limiter.achievedPerSecond, latest.calls),
      elapsedInMs: now - startedAt,
      now: new Date(),
      silentForInMs: now - latest.at,
      meaningOf: (code) => meaningOfCode({ engine, code }),
    };
  }

  function refresh(): void {
    const current = view();
    if (!current) return;
    if (form === 'json') sayJson(progressRecord(run, current));
    else if (live) live.draw((columns) => progressLines(current, columns));
    else say(progressText(current));
  }

  const isOften = form === 'json' || live !== undefined;
  const timer = setInterval(refresh, isOften ? drawEveryInMs : lineEveryInMs).unref();
  return {
    show(progress) {
      const isFirst = latest === undefined;
      latest = {
        progress,
        donePerSecond: doneMeter(progress.done),
        calls: callMeter(progress.calls),
        at: performance.now(),
      };
      if (isFirst && isOften) refresh();
    },
    stop(end) {
      clearInterval(timer);
      const current = view();
      if (form === 'json' && current) sayJson({ ...progressRecord(run, current), state: end });
      else live?.clear();
    },
  };
}

/** How fast a count grows, in a second, over so many milliseconds. */
function createMeter(overInMs: number): (count: number) => number {
  const samples: { at: number; count: number }[] = [];
  return (count) => {
    const at = performance.now();
    samples.push({ at, count });
    while (samples.length > 2 && at - (samples[0]?.at ?? at) > overInMs) samples.shift();
    const [first = { at, count }] = samples;
    return at > first.at ? ((count - first.count) / (at - first.at)) * 1000 : 0;
  };
}

const rounded = (value: number) => Number(value.toFixed(1));

/** A line of `--progress json`. */
export function progressRecord(run: string, view: ProgressView): Progress {
  const { progress, limiter } = view;
  const { listed, listingEnded, done, byStatus, byCode, retries, money, canary } = progress;
  const left = timeLeft(view);
  return {
    schema: progressSchemaName,
    run,
    state: listingEnded ? 'active' : 'listing',
    listed,
    done,
    total: listingEnded ? listed : null,
    byStatus,
    byCode,
    rateNow: rounded(view.callsPerSecond),
    rateLimit: rounded(limiter.ratePerSecond),
    inFlight: limiter.inFlight,
    retries,
    etaSeconds: left === undefined ? null : Math.round(left / 1000),
    waitsFor: waitOf(view)?.message ?? null,
    money: money ?? null,
    canary: canary ?? null,
  };
}
