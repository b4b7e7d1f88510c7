import type { Rollcall } from '../open-rollcall.ts';
import { readSummary } from '../run/finish.ts';
import { isOver, readRunRecord, runFolderOf } from '../run/run-record.ts';
import type { Notice } from './notices.ts';
import type { Schedule } from './schedule.ts';

/**
 * What is posted to `--on-failure`: the summary of a run that is over, else what is known of it (counts; `waitsFor` of
 * a paused run, `reason` of a fault), with `schedule`, `exitCode`, `runDir` and `notice`, by which a repetition is known.
 */
export async function buildNotice(
  { state }: Pick<Rollcall, 'state'>,
  schedule: Schedule,
  notice: Notice,
): Promise<Record<string, unknown>> {
  const { runId, exitCode, tick, reason } = notice;
  const facts = {
    schedule: schedule.name,
    exitCode,
    notice: notice.id,
    ...(reason !== undefined && { reason }),
  };
  const { source, engine } = schedule;
  const record = runId === undefined ? undefined : await readRunRecord(state, runId);
  if (!record)
    return {
      schema: 'rollcall.notice/1',
      state: 'not-started',
      source,
      engine,
      ...(tick && { tick }),
      ...facts,
    };
  const runDir = state.locate(runFolderOf(record.id));
  const summary = isOver(record) ? await readSummary(state, record.id) : undefined;
  if (summary) return { ...summary, runDir, ...facts };
  const { listed, ...counts } = record.counts;
  return {
    schema: 'rollcall.notice/1',
    run: record.id,
    state: record.state,
    source: record.source,
    engine: record.engine,
    total: listed,
    ...counts,
    ...(record.waitsFor !== undefined && { waitsFor: record.waitsFor }),
    runDir,
    ...facts,
  };
}
