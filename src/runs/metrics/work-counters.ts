import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { WorkWatch } from '../../worker/work-watch.ts';
import { codeLabel } from './code-label.ts';
import type { SeenWork } from './seen-work.ts';

/** From a call within a data centre to the longest `--timeout` that is usual; in seconds. */
const durations = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

/** What a worker did, since it was started. */
export interface WorkCounters {
  readonly watch: WorkWatch;
  /** Counts what a further process of this worker did. */
  add(pid: number, seen: SeenWork): void;
  /** That process is gone; what it did stays counted. */
  leave(pid: number): void;
  /** In the text format of Prometheus. */
  text(): Promise<string>;
}

export function createWorkCounters(): WorkCounters {
  const registry = new Registry();
  const registers = [registry];
  const photos = new Counter({
    ...{ name: 'rollcall_photos_total', labelNames: ['status', 'code'], registers },
    help: 'Photos that got their outcome here, by status and by the code of what was wrong.',
  });
  const calls = new Counter({
    ...{ name: 'rollcall_calls_total', labelNames: ['kind'], registers },
    help: 'Calls of the engine made here, by the kind of its reply.',
  });
  const callDuration = new Histogram({
    ...{ name: 'rollcall_call_duration_seconds', buckets: durations, registers },
    help: 'How long calls took, from permit to reply.',
  });
  let own = 0;
  const others = new Map<number, number>();
  new Gauge({
    ...{ name: 'rollcall_in_flight', registers },
    help: 'Calls in flight here.',
    collect() {
      this.set([...others.values()].reduce((sum, count) => sum + count, own));
    },
  });
  const count = (kind: string, seconds: number) => {
    calls.inc({ kind });
    callDuration.observe(seconds);
  };
  return {
    watch: {
      begin() {
        const begunAt = performance.now();
        own += 1;
        return (end) => {
          own -= 1;
          if (end !== undefined) count(end, (performance.now() - begunAt) / 1000);
        };
      },
      finished(outcome, engine) {
        photos.inc({ status: outcome.status, code: codeLabel(outcome, engine) });
      },
    },
    add(pid, seen) {
      others.set(pid, seen.inFlight);
      for (const labels of seen.photos) photos.inc(labels);
      for (const { kind, seconds } of seen.calls) count(kind, seconds);
    },
    leave: (pid) => void others.delete(pid),
    text: () => registry.metrics(),
  };
}
