import type { RunProgress } from '../conductor/conducting.ts';
import { readSummary } from '../conductor/finish.ts';
import { writeControl } from '../records/run-control.ts';
import { isOver, readRunRecord } from '../records/run-record.ts';
import { UsageError } from '../util/errors.ts';
import { joinRun } from './join-run.ts';
import type { Rollcall } from './open-rollcall.ts';
import { resumeFixedAccount } from './resume-fixed-account.ts';
import { reopenSource } from './run-source.ts';
import type { RunEnd } from './work-on-run.ts';

export interface WorkInProcessOptions {
  /** Drains: calls in flight end, the run can be resumed. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RunProgress) => void;
}

/**
 * Works in this process on a run that was enqueued, beside whatever workers there are, until it is over, pauses or the
 * signal asks to drain. A paused run is resumed.
 * @throws UsageError if there is no such run, or it belongs to another account than this process's credentials
 */
export async function workInProcess(
  rollcall: Rollcall,
  runId: string,
  { signal = new AbortController().signal, onProgress }: WorkInProcessOptions = {},
): Promise<RunEnd> {
  const { state } = rollcall;
  const record = await readRunRecord(state, runId);
  if (!record) throw new UsageError('no-run', `There is no run ${runId} in ${state.address}.`);
  const summary = isOver(record) ? await readSummary(state, runId) : undefined;
  if (summary) return { kind: 'over', runId, summary };
  const opened = rollcall.engineOf({ ...record, keepDemographics: record.settings.keepDemographics });
  if (!opened) {
    const account = `${record.engine} at ${record.engineUrl}`;
    throw new UsageError('other-account', `Run ${runId} belongs to another account of ${account}.`);
  }
  await resumeFixedAccount((await rollcall.queue()).accounts, record.account);
  await writeControl(state, runId, 'run');
  return joinRun(rollcall, {
    record,
    opened,
    openSource: (run) => reopenSource(rollcall, run),
    signal,
    onProgress,
  });
}
