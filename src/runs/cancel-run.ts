import { setTimeout as delay } from 'node:timers/promises';
import type { RunEnd } from '../conductor/conducting.ts';
import { conductRun } from '../conductor/conductor.ts';
import { readSummary } from '../conductor/finish-run.ts';
import { withdrawRun } from '../queue/presence.ts';
import { writeControl } from '../records/run-control.ts';
import { isOver, readRunRecord } from '../records/run-record.ts';
import { processName } from '../util/process-name.ts';
import type { Rollcall } from './open-rollcall.ts';
import { type ReopenTools, reopenSource } from './run-source.ts';

const askAgainInMs = 500;

/** Cancels a run: whoever conducts it ends it; if nobody does, this process does, without an engine. */
export async function cancelRun(
  rollcall: ReopenTools & Pick<Rollcall, 'queue'>,
  runId: string,
  signal: AbortSignal,
): Promise<RunEnd> {
  const { state, log, queue } = rollcall;
  await writeControl(state, runId, 'cancel');
  const backend = await queue();
  while (!signal.aborted) {
    const end = await conductRun({
      state,
      backend,
      runId,
      log,
      signal,
      processName: processName(),
      openSource: (run) => reopenSource(rollcall, run),
      window: 0,
      work: { start: () => {}, stop: async () => {} },
      onProgress: () => {},
    });
    if (end.kind === 'over') {
      await withdrawRun(backend.presence, runId);
      return { ...end, runId };
    }
    await delay(askAgainInMs, undefined, { signal }).catch(() => {});
    const record = await readRunRecord(state, runId);
    const summary = record && isOver(record) ? await readSummary(state, runId) : undefined;
    if (summary) return { kind: 'over', runId, summary };
  }
  return { kind: 'interrupted', runId };
}
