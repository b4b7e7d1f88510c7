import { setTimeout as delay } from 'node:timers/promises';
import type { ConductOptions, RunProgress } from '../conductor/conducting.ts';
import { conductRun } from '../conductor/conductor.ts';
import { readSummary } from '../conductor/finish-run.ts';
import type { RunRecord } from '../records/run-record.ts';
import { isOver, readRunRecord } from '../records/run-record.ts';
import type { Summary } from '../records/summary.ts';
import type { Settings } from '../settings/schema.ts';
import type { Source } from '../sources/source.ts';
import { graceSignal } from '../util/grace-signal.ts';
import { processName } from '../util/process-name.ts';
import { createPreflight } from '../worker/preflight/preflight.ts';
import { createRunWorker, type RunWorkerOptions } from '../worker/run-worker.ts';
import type { OpenEngine, Rollcall } from './open-rollcall.ts';
import { openPhotoReader } from './run-source.ts';

/** A few seconds of work: enough to keep workers busy between two collections, small for the queue's store. */
const windowInSeconds = 4;

/** This process's part in a run, whoever started it. */
export async function joinRun(
  rollcall: Rollcall,
  options: {
    record: RunRecord;
    opened: OpenEngine;
    openSource: (record: RunRecord) => Promise<Source>;
    signal: AbortSignal;
    onProgress?: ((progress: RunProgress) => void) | undefined;
  },
): Promise<RunEnd> {
  const { settings, state, log } = rollcall;
  const { record, opened, signal, openSource, onProgress = () => {} } = options;
  const backend = await rollcall.queue();
  await opened.ready();
  const preflight = record.settings.preflight
    ? createPreflight(await rollcall.faceReader(), record)
    : undefined;
  const { allowPrivate } = record.settings;
  const reader = openPhotoReader(rollcall, { rootFolder: record.rootFolder, allowPrivate });
  const grace = graceSignal(signal, settings.grace);
  const registration = await rollcall.registration();
  registration.join(record);
  let isOver = false;
  try {
    const end = await workOnRun({
      state,
      backend,
      record,
      signal,
      log,
      openSource,
      onProgress,
      engine: opened.engine,
      limiter: await rollcall.limiter(record.account),
      readPhoto: reader.read,
      s3: rollcall.s3,
      preflight,
      concurrency: settings.concurrency,
      timeoutInMs: settings.timeout,
      hurry: grace.signal,
      processName: processName(),
      window: windowFor(settings),
    });
    isOver = end.kind !== 'interrupted';
    return end;
  } finally {
    grace.clear();
    await registration.leave(record.id, { isOver });
    await reader.close();
  }
}

function windowFor({ rate, concurrency }: Settings): number {
  return concurrency + Math.min(5_000, Math.max(200, Math.ceil(rate * windowInSeconds)));
}

const askAgainInMs = 1_000;

/** How a process's part in a run ended. */
export type RunEnd =
  | { readonly kind: 'over'; readonly runId: string; readonly summary: Summary }
  | { readonly kind: 'paused'; readonly runId: string; readonly waitsFor: string }
  | { readonly kind: 'interrupted'; readonly runId: string };

export type WorkOnRunOptions = RunWorkerOptions & Omit<ConductOptions, 'runId' | 'work'>;

/**
 * Works on a run until it is over, pauses, or the signal asks to drain: conducts it whenever nobody else does, and
 * turns its photo jobs into outcomes all the while.
 */
async function workOnRun(options: WorkOnRunOptions): Promise<RunEnd> {
  const { state, signal } = options;
  const runId = options.record.id;
  const worker = createRunWorker(options);
  try {
    while (true) {
      const end = await conductRun({ ...options, runId, work: worker });
      if (end.kind === 'over') return { ...end, runId };
      if (end.kind === 'paused') return { ...end, runId };
      if (end.kind === 'interrupted' || signal.aborted) return { kind: 'interrupted', runId };
      worker.start();
      await delay(askAgainInMs, undefined, { signal }).catch(() => {});
      const record = await readRunRecord(state, runId);
      if (record && isOver(record)) {
        const summary = await readSummary(state, runId);
        if (summary) return { kind: 'over', runId, summary };
      }
      if (record?.state === 'paused')
        return { kind: 'paused', runId, waitsFor: record.waitsFor ?? 'a person' };
    }
  } finally {
    await worker.stop();
  }
}
