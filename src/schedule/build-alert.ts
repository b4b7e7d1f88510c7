import { readSummary } from '../conductor/finish-run.ts';
import { isOver, readRunRecord, runFolderOf } from '../records/run-record.ts';
import type { Schedule } from '../records/schedule.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import type { Alert } from './alerts.ts';

/**
 * What is posted to `--on-failure`: the summary of a run that is over, else what is known of it (counts; `waitsFor` of
 * a paused run, `reason` of a fault), with `schedule`, `exitCode`, `runDir` and `alert`, by which a repetition is known.
 */
export async function buildAlert(
  { state }: Pick<Rollcall, 'state'>,
  schedule: Schedule,
  alert: Alert,
): Promise<Record<string, unknown>> {
  const { runId, exitCode, tick, reason } = alert;
  const facts = {
    schedule: schedule.name,
    exitCode,
    alert: alert.id,
    ...(reason !== undefined && { reason }),
  };
  const { source, engine } = schedule;
  const record = runId === undefined ? undefined : await readRunRecord(state, runId);
  if (!record)
    return {
      schema: 'rollcall.alert/1',
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
    schema: 'rollcall.alert/1',
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
