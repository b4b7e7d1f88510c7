import { setTimeout as delay } from 'node:timers/promises';
import { readSummary } from '../conductor/finish.ts';
import { isOver, readRunRecord } from '../records/run-record.ts';
import { UsageError } from '../util/errors.ts';
import type { Rollcall } from './open-rollcall.ts';
import type { RunEnd } from './work-on-run.ts';

const askEveryInMs = 500;

/**
 * Waits until workers have ended a run, or it pauses. Does no work itself: without a worker it waits for ever.
 * @throws the signal's reason when aborted; UsageError if there is no such run
 */
export async function waitForRun(
  { state }: Rollcall,
  runId: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<RunEnd> {
  while (true) {
    const record = await readRunRecord(state, runId);
    if (!record) throw new UsageError('no-run', `There is no run ${runId} in ${state.address}.`);
    const summary = isOver(record) ? await readSummary(state, runId) : undefined;
    if (summary) return { kind: 'over', runId, summary };
    if (record.state === 'paused') return { kind: 'paused', runId, waitsFor: record.waitsFor ?? 'a person' };
    await delay(askEveryInMs, undefined, signal ? { signal } : {});
  }
}
