import { z } from 'zod';
import { readSummary } from '../conductor/finish-run.ts';
import { isOver, readRunRecord, runFolderOf } from '../records/run-record.ts';
import type { Schedule } from '../records/schedule.ts';
import { scheduleFolderOf } from '../records/schedule.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { parseAs } from '../util/json-text.ts';
import { alertText } from './alert-text.ts';

/** What `--on-failure` is, or was, to get: one end of a run, a fault of it, or a tick that started none. */
const alertSchema = z.object({
  /** The same end has the same id, whichever process finds it: it is reported once. */
  id: z.string(),
  runId: z.string().optional(),
  /** Of the tick that started no run. */
  tick: z.string().optional(),
  exitCode: z.number(),
  reason: z.string().optional(),
  /** When it was found. */
  at: z.string(),
  tries: z.number(),
  triedAt: z.string().optional(),
  /** `told`: delivered. `settled`: there is nothing to report. */
  state: z.enum(['open', 'told', 'given-up', 'settled']),
});
export type Alert = z.infer<typeof alertSchema>;

const alertsSchema = z.object({ schema: z.literal('rollcall.alerts/1'), alerts: z.array(alertSchema) });

/** More than there are events in a history: an alert that is dropped would be reported again. */
const keptAlerts = 200;
const alertsPath = (name: string) => `${scheduleFolderOf(name)}/alerts.json`;

/** `schedules/<name>/alerts.json`, the oldest first; a damaged one counts as none. */
export async function readAlerts(state: StateStore, name: string): Promise<Alert[]> {
  const bytes = await state.read(alertsPath(name));
  return parseAs(alertsSchema, bytes?.toString() ?? '')?.alerts ?? [];
}

export async function writeAlerts(state: StateStore, name: string, alerts: readonly Alert[]): Promise<void> {
  const content = { schema: 'rollcall.alerts/1', alerts: alerts.slice(-keptAlerts) };
  await state.write(alertsPath(name), `${JSON.stringify(content, undefined, 2)}\n`);
}

/**
 * What is posted to `--on-failure`: the summary of a run that is over, else what is known of it (counts; `waitsFor` of
 * a paused run, `reason` of a fault), with `schedule`, `exitCode`, `runDir`, `alert`, by which a repetition is known, and
 * `text` for people, under the name that chat systems look for.
 */
export async function buildAlert(
  { state }: Pick<Rollcall, 'state'>,
  schedule: Schedule,
  alert: Alert,
): Promise<Record<string, unknown>> {
  const { runId, exitCode, tick, reason } = alert;
  const { source, engine, name } = schedule;
  const record = runId === undefined ? undefined : await readRunRecord(state, runId);
  const summary = record && isOver(record) ? await readSummary(state, record.id) : undefined;
  const facts = {
    schedule: name,
    exitCode,
    alert: alert.id,
    ...(reason !== undefined && { reason }),
    text: alertText({ schedule: name, exitCode, record, summary, reason }),
  };
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
