// A run that is done by this process: of a source, created or found again (`runInProcess`; `startRun` alone leaves the
// joining to its caller), or enqueued before (`workInProcess`). What joining is, `join-run.ts` says.

import { resumeFixedAccount } from '../account/account-pause.ts';
import type { RunEnd, RunProgress } from '../conductor/conducting.ts';
import { readSummary, removeParts } from '../conductor/finish-run.ts';
import { writeControl } from '../records/run-control.ts';
import { isOver, readRunRecord } from '../records/run-record.ts';
import { UsageError } from '../util/errors.ts';
import { type CreatedOrResumed, createOrResumeRun } from './create-or-resume-run.ts';
import { readForgetList } from './erasure/forget-list.ts';
import { watchLocalPhotos } from './files-on.ts';
import { joinRun, type StartedRun, type WorkTools } from './join-run.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { Rollcall } from './open-rollcall.ts';
import { checkCanary } from './run-settings.ts';
import { type ListSettings, openSourceOf, type PhotoPlaces, reopenSource, subjectOf } from './run-source.ts';

export interface RunInProcessOptions {
  /** A folder, a manifest, or `-`. */
  readonly source: string;
  /** Starts another run even if an unfinished one of the same source is there. */
  readonly alwaysNew?: boolean;
  /** Drains: calls in flight end, the run can be resumed. */
  readonly signal: AbortSignal;
  /** `takenOver`: what a run that is resumed was given anew, such as `--max-attempts 7 (was 5)`. */
  readonly onStart?: (run: { runId: string; resumed: boolean; takenOver: readonly string[] }) => void;
  readonly onProgress?: (progress: RunProgress) => void;
}

/** What a run is started with. */
type StartTools = Pick<
  Rollcall,
  'settings' | 'given' | 'state' | 'folder' | 's3' | 'engine' | 'engineOf' | 'faceReader' | 'queue'
>;

/** Scans, enrolls and reports in this process; resumes where an earlier try stopped. */
export async function runInProcess(
  rollcall: StartTools & WorkTools,
  options: RunInProcessOptions,
): Promise<RunEnd> {
  const { signal, onStart, onProgress } = options;
  const started = await startRun(rollcall, options);
  if ('kind' in started) return started;
  const { record, resumed, takenOver } = started;
  onStart?.({ runId: record.id, resumed, takenOver });
  return joinRun(rollcall, { ...started, signal, onProgress });
}

/**
 * Creates the run of a source, or finds the one that is to be resumed, so that it can be joined.
 * @returns how it ended where it is over already
 */
export async function startRun(
  rollcall: StartTools,
  { source: spec, alwaysNew = false, signal }: Pick<RunInProcessOptions, 'source' | 'alwaysNew' | 'signal'>,
): Promise<(StartedRun & CreatedOrResumed) | RunEnd> {
  const { state, settings } = rollcall;
  checkCanary(rollcall);
  const opened = rollcall.engine();
  await opened.ready();
  // Missing packages are reported before anything starts.
  if (settings.preflight) await rollcall.faceReader();
  const openListed = async (from: string, list: ListSettings, within?: PhotoPlaces) =>
    watchLocalPhotos(await openSourceOf(rollcall, from, list, { within }), settings);
  const source = await openListed(spec, settings);
  const subject = subjectOf(rollcall, source);
  const forgetList = await readForgetList(rollcall, settings, signal);
  const { accounts, leases } = await rollcall.queue();
  const { record, ...found } = await oneAtATime(leases, subject, signal, () =>
    createOrResumeRun({ state, settings, given: rollcall.given, subject, forgetList, alwaysNew }),
  );
  const summary = isOver(record) ? await readSummary(state, record.id) : undefined;
  if (summary) {
    await removeParts(state, record.id);
    return { kind: 'over', runId: record.id, summary };
  }
  await resumeFixedAccount(accounts, record.account);
  await writeControl(state, record.id, 'run');
  return {
    ...found,
    record,
    opened: rollcall.engineOf({ ...record, keepDemographics: record.settings.keepDemographics }) ?? opened,
    // A run that is resumed is listed as it was begun, whatever is not given this time.
    openSource: async () => (found.resumed ? openListed(record.source, record.settings, record) : source),
  };
}

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
  rollcall: WorkTools & Pick<Rollcall, 'engineOf'>,
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
