import { setTimeout as delay } from 'node:timers/promises';
import type { ConductOptions } from '../conductor/conducting.ts';
import { conductRun } from '../conductor/conductor.ts';
import { readSummary } from '../conductor/finish.ts';
import { isOver, readRunRecord } from '../records/run-record.ts';
import type { Summary } from '../records/summary.ts';
import { createRunWorker, type RunWorkerOptions } from '../worker/run-worker.ts';

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
export async function workOnRun(options: WorkOnRunOptions): Promise<RunEnd> {
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
