import type { RunProgress } from '../conductor/conducting.ts';
import { removeParts } from '../conductor/end-run.ts';
import { readSummary } from '../conductor/finish.ts';
import { writeControl } from '../records/run-control.ts';
import { isOver } from '../records/run-record.ts';
import { createOrResumeRun } from './create-or-resume-run.ts';
import { watchLocalPhotos } from './files-on.ts';
import { joinRun } from './join-run.ts';
import { readForgetList } from './note-forget-list.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { Rollcall } from './open-rollcall.ts';
import { resumeFixedAccount } from './resume-fixed-account.ts';
import { openSourceOf, subjectOf } from './run-source.ts';
import type { RunEnd } from './work-on-run.ts';

export interface RunInProcessOptions {
  /** A folder, a manifest, or `-`. */
  readonly source: string;
  /** Starts another run even if an unfinished one of the same source is there. */
  readonly alwaysNew?: boolean;
  /** Drains: calls in flight end, the run can be resumed. */
  readonly signal: AbortSignal;
  readonly onStart?: (run: { runId: string; resumed: boolean }) => void;
  readonly onProgress?: (progress: RunProgress) => void;
}

/** Scans, enrolls and reports in this process; resumes where an earlier try stopped. */
export async function runInProcess(rollcall: Rollcall, options: RunInProcessOptions): Promise<RunEnd> {
  const { state, settings } = rollcall;
  const opened = rollcall.engine();
  await opened.ready();
  // Missing packages are told before anything starts.
  if (settings.preflight) await rollcall.faceReader();
  const source = watchLocalPhotos(await openSourceOf(rollcall, options.source, settings), settings);
  const subject = subjectOf(rollcall, source);
  const forgetList = await readForgetList(rollcall, settings, options.signal);
  const { accounts, leases } = await rollcall.queue();
  const { record, resumed } = await oneAtATime(leases, subject, options.signal, () =>
    createOrResumeRun({ state, settings, subject, forgetList, alwaysNew: options.alwaysNew ?? false }),
  );
  if (isOver(record)) {
    const summary = await readSummary(state, record.id);
    if (summary) {
      await removeParts(state, record.id);
      return { kind: 'over', runId: record.id, summary };
    }
  }
  await resumeFixedAccount(accounts, record.account);
  await writeControl(state, record.id, 'run');
  options.onStart?.({ runId: record.id, resumed });
  return joinRun(rollcall, { ...options, record, opened, openSource: async () => source });
}
