import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { settingsSchema } from '../engines/settings.ts';
import type { WorkCounters } from '../runs/metrics/work-counters.ts';
import { formatDuration } from '../settings/durations.ts';
import { asEnvironment } from '../settings/load-settings.ts';
import { withinTime } from '../util/time-limit.ts';
import { type CommandContext, farewellInMs } from './command-context.ts';
import { type FurtherWorkerMessage, type FurtherWorkerWord, ratesOfRuns } from './further-worker-message.ts';
import { say } from './terminal/output.ts';

const file = new URL('./further-worker.js', import.meta.url);

/**
 * glibc gives memory back that was used for a large photo, as in the image (docs/operations.md). It reads them when a process
 * starts, so that this one can only set them for others; another C library passes them over.
 */
const glibcSettings = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '1048576' };

const firstPauseInMs = 1_000;
const longestPauseInMs = 60_000;
/** One that worked for so long did not fail at its start. */
const steadyAfterInMs = 60_000;
/** Where a run ends or pauses, a call in flight is waited for, and a little longer. */
const afterTimeoutInMs = 5_000 + farewellInMs;

/**
 * The further processes of `--processes`, which work beside this one on the runs that it takes part in. One that dies is
 * said, and another takes its place. They are told by a channel, and end by themselves once it is gone, and this process
 * with it: calls in flight end then, within the grace period.
 */
export interface FurtherWorkers {
  join(runId: string): void;
  leave(runId: string): void;
  /** Resolves when they have ended. */
  close(): Promise<void>;
}

export function openFurtherWorkers({
  rollcall,
  flags,
  signal,
  terminal,
  counters,
  rateIsCeiling = true,
}: Pick<CommandContext, 'rollcall' | 'flags' | 'signal' | 'terminal'> & {
  /** Where what they did is counted, too. */
  counters?: WorkCounters | undefined;
  /** As in `openRollcall`. */
  rateIsCeiling?: boolean;
}): FurtherWorkers {
  const { settings, given, log } = rollcall;
  const workers = new Set<ChildProcess>();
  const runs = new Set<string>();
  const ending = new AbortController();
  const environment = asEnvironment(settingsSchema, { given, flags, environment: rollcall.environment });

  const relay = (line: string) =>
    void (terminal ? terminal.log.write(line) : process.stderr.write(`${line}\n`));
  const tellAll = (message: FurtherWorkerMessage) => {
    for (const worker of workers) tell(worker, message);
  };
  const drain = () => {
    ending.abort();
    tellAll({ kind: 'drain' });
  };
  if (signal.aborted) drain();
  else signal.addEventListener('abort', drain, { once: true });

  /** Resolves when it has ended, with how. @throws where it cannot be started */
  async function work(): Promise<string> {
    const worker = fork(file, rateIsCeiling ? [] : [ratesOfRuns], {
      env: { ...glibcSettings, ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    workers.add(worker);
    log.info({ pid: worker.pid }, 'a further process was started');
    const { pid = 0 } = worker;
    worker.on('message', ({ seen }: FurtherWorkerWord) => counters?.add(pid, seen));
    worker.on('exit', () => counters?.leave(pid));
    if (worker.stderr) createInterface(worker.stderr).on('line', relay);
    for (const runId of runs) tell(worker, { kind: 'join', runId });
    try {
      const [exitCode, killedBy] = await once(worker, 'exit');
      return killedBy ?? `exit code ${exitCode}`;
    } finally {
      workers.delete(worker);
    }
  }

  async function keepPlace(): Promise<void> {
    let pauseInMs = firstPauseInMs;
    while (!ending.signal.aborted) {
      const startedAt = performance.now();
      const end = await work().catch(({ message }: Error) => message);
      if (ending.signal.aborted) return;
      if (performance.now() - startedAt > steadyAfterInMs) pauseInMs = firstPauseInMs;
      say(
        `One of ${settings.processes} processes ended (${end}); another starts in ${formatDuration(pauseInMs)}`,
      );
      await delay(pauseInMs, undefined, { signal: ending.signal }).catch(() => {});
      pauseInMs = Math.min(2 * pauseInMs, longestPauseInMs);
    }
  }

  const places = Promise.all(Array.from({ length: settings.processes - 1 }, keepPlace));
  return {
    join(runId) {
      runs.add(runId);
      tellAll({ kind: 'join', runId });
    },
    leave(runId) {
      runs.delete(runId);
      tellAll({ kind: 'leave', runId });
    },
    async close() {
      ending.abort();
      tellAll({ kind: 'end' });
      await withinTime(places, {
        limitInMs: settings.timeout + afterTimeoutInMs,
        whenLate() {
          for (const worker of workers) worker.kill('SIGKILL');
        },
      });
    },
  };
}

/** One that has ended hears nothing; that it has is seen elsewhere. */
function tell(worker: ChildProcess, message: FurtherWorkerMessage): void {
  if (worker.connected) worker.send(message, () => {});
}
