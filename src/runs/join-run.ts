import { setTimeout as delay } from 'node:timers/promises';
import type { RunEnd, RunProgress } from '../conductor/conducting.ts';
import { conductRun } from '../conductor/conductor.ts';
import { readSummary } from '../conductor/finish-run.ts';
import type { Settings } from '../engines/settings.ts';
import { moneyOf } from '../records/money.ts';
import { isOver, type RunRecord, readRunRecord, reasonForPause } from '../records/run-record.ts';
import type { Source } from '../sources/source.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { graceSignal } from '../util/abort-signals.ts';
import { processName } from '../util/process-name.ts';
import { createPreflight } from '../worker/preflight/preflight.ts';
import { createRunWorker, type RunWorker } from '../worker/run-worker.ts';
import { sourceWaitInMs } from '../worker/source-watch.ts';
import type { WorkWatch } from '../worker/work-watch.ts';
import type { OpenEngine } from './open-engines.ts';
import type { Rollcall } from './open-rollcall.ts';
import { openPhotoReader } from './run-source.ts';
import { startCommand } from './start-command.ts';

/** A few seconds of work: enough to keep workers busy between two collections, small for the queue's store. */
const windowInSeconds = 4;
const leastRateOfChunks = 100;
/** The calls of a job at the run's rate. */
const jobInSeconds = 0.04;
const mostPerJob = 32;
const askAgainInMs = 1_000;

/** What a process works on a run with. */
export type WorkTools = Pick<
  Rollcall,
  | 'settings'
  | 'given'
  | 'environment'
  | 'state'
  | 'log'
  | 's3'
  | 'queue'
  | 'inbox'
  | 'limiter'
  | 'faceReader'
  | 'registration'
  | 'tracing'
> & {
  /** Told of what this process does for photos. */
  readonly watch?: WorkWatch | undefined;
};

/** A run that was started, and what it needs here. */
export interface StartedRun {
  readonly record: RunRecord;
  readonly opened: OpenEngine;
  readonly openSource: (record: RunRecord) => Promise<Source>;
}

/**
 * This process's part in a run, whoever started it, until it is over, pauses, or the signal asks to drain: conducts it
 * whenever nobody else does, and turns its photo jobs into outcomes all the while.
 */
export async function joinRun(
  tools: WorkTools,
  options: StartedRun & { signal: AbortSignal; onProgress?: ((progress: RunProgress) => void) | undefined },
): Promise<RunEnd> {
  const { state, log, settings } = tools;
  const { record, openSource, signal, onProgress = () => {} } = options;
  const { id: runId } = record;
  const backend = await tools.queue();
  const part = await openPart(tools, options);
  const tracing = await tools.tracing();
  let end: RunEnd | undefined;
  // Only by who asks: a conductor that pauses it lets go of it while others try to take it.
  let mayResume = true;
  try {
    while (!end) {
      const ended = await conductRun({
        ...{ state, backend, runId, openSource, signal, mayResume, onProgress, log, tracing },
        processName: processName(),
        ...loadFor(settings, record.settings.rate),
        commandInstead: (of, changes) => startCommand(tools, { ...of, changes, isNew: true }),
        windowOf: (changed) => loadFor(settings, changed.settings.rate).window,
        work: part.worker,
      });
      mayResume = false;
      if (ended.kind !== 'held') end = { ...ended, runId };
      else if (signal.aborted) end = { kind: 'interrupted', runId };
      else {
        part.worker.start();
        await delay(askAgainInMs, undefined, { signal }).catch(() => {});
        const found = await readRunRecord(state, runId);
        end = found && (await endOf(state, found));
        if (found && !end) onProgress(progressElsewhere(found));
      }
    }
    return end;
  } finally {
    await part.leave({ isOver: end !== undefined && end.kind !== 'interrupted' });
  }
}

/** A process's part in the work of a run, whoever conducts it. */
export interface Part {
  readonly worker: RunWorker;
  leave(options: { isOver: boolean }): Promise<void>;
}

/** From here on, until it leaves, this process is known to take part in the run. `signal` asks to drain. */
export async function openPart(
  tools: WorkTools,
  { record, opened, signal }: Pick<StartedRun, 'record' | 'opened'> & { signal: AbortSignal },
): Promise<Part> {
  const { state, log, s3, settings } = tools;
  const backend = await tools.queue();
  await opened.ready();
  const preflight = record.settings.preflight ? createPreflight(await tools.faceReader(), record) : undefined;
  const limiter = await tools.limiter(record.account);
  const { allowPrivate } = record.settings;
  const reader = openPhotoReader(tools, record, { allowPrivate });
  const grace = graceSignal(signal, settings.grace);
  const registration = await tools.registration();
  const leaveLimiter = limiter.joinRun(record.id, record.settings.rate);
  registration.join(record);
  const concurrencyOf = (run: RunRecord) =>
    Math.min(settings.concurrency, run.concurrency ?? settings.concurrency);
  const worker = createRunWorker({
    ...{ state, backend, record, limiter, s3, preflight, log },
    engine: opened.engine,
    calledAccount: opened.calledAccount,
    readPhoto: reader.read,
    concurrency: concurrencyOf(record),
    sourceWaitInMs: sourceWaitInMs(settings),
    timeoutInMs: settings.timeout,
    hurry: grace.signal,
    processName: processName(),
    watch: tools.watch,
    tracing: await tools.tracing(),
  });
  const left = new AbortController();
  void followChanges(state, record, {
    signal: left.signal,
    onChange(changed) {
      limiter.joinRun(changed.id, changed.settings.rate);
      worker.setConcurrency(concurrencyOf(changed));
      worker.setBudget(changed.settings.budget);
    },
  });
  return {
    worker,
    async leave({ isOver }) {
      left.abort();
      try {
        await worker.stop();
      } finally {
        leaveLimiter();
        grace.clear();
        await registration.leave(record.id, { isOver });
        await reader.close();
      }
    },
  };
}

const lookForChangesEveryInMs = 1_000;

/** Until the signal aborts: its conductor writes into `run.json` what is changed while the run goes on. */
async function followChanges(
  state: StateStore,
  record: RunRecord,
  { signal, onChange }: { signal: AbortSignal; onChange: (changed: RunRecord) => void },
): Promise<void> {
  // On S3 each look is a request.
  const everyInMs = lookForChangesEveryInMs * (state.kind === 'local' ? 1 : 5);
  let { changedAt } = record;
  while (!signal.aborted) {
    await delay(everyInMs, undefined, { signal }).catch(() => {});
    // A state that cannot be read ends the run elsewhere.
    const found = signal.aborted ? undefined : await readRunRecord(state, record.id).catch(() => undefined);
    if (!found || found.changedAt === changedAt || signal.aborted) continue;
    changedAt = found.changedAt;
    onChange(found);
  }
}

/** How far a run is that another process conducts: what its record says. */
const progressElsewhere = ({ counts, listed, settings }: RunRecord): RunProgress => ({
  ...counts,
  ...{ listingEnded: listed !== undefined, retries: 0, byStatus: {}, byCode: {} },
  money: moneyOf({ settings, counts, isListed: listed !== undefined }),
});

/** How a run ended that another process conducts; undefined while it goes on. */
async function endOf(state: StateStore, record: RunRecord): Promise<RunEnd | undefined> {
  const { id: runId } = record;
  const summary = isOver(record) ? await readSummary(state, runId) : undefined;
  if (summary) return { kind: 'over', runId, summary };
  if (record.state !== 'paused') return undefined;
  return { kind: 'paused', runId, waitsFor: reasonForPause(record) };
}

/** Photos in flight, and how many share a job: more as the rate grows, none where nothing is gained by it. */
function loadFor({ rate: ownRate, concurrency, processes }: Settings, runsRate: number | undefined) {
  const rate = Math.max(ownRate, runsRate ?? 0);
  const perJob = Math.min(mostPerJob, concurrency, Math.ceil(rate * jobInSeconds));
  return {
    window: concurrency * processes + Math.min(5_000, Math.max(200, Math.ceil(rate * windowInSeconds))),
    photosPerJob: rate < leastRateOfChunks ? 1 : perJob,
  };
}
