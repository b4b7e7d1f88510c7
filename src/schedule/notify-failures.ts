import { readSummary } from '../conductor/finish-run.ts';
import { withLease } from '../queue/lease.ts';
import { readControl } from '../records/run-control.ts';
import { isOver, readRunRecord } from '../records/run-record.ts';
import type { Schedule } from '../records/schedule.ts';
import { hasSchedule, readSchedule } from '../records/schedule.ts';
import { exitCodeOf } from '../records/summary.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import { openWebhook, shownWebhook } from '../runs/webhook/webhook.ts';
import { RollcallError } from '../util/errors.ts';
import type { Alert } from './alerts.ts';
import { buildAlert, readAlerts, writeAlerts } from './alerts.ts';
import { readHistory } from './schedule-history.ts';

/** Ten tries in the course of 40 minutes. */
const mostTries = 10;
const longestPauseInMs = 600_000;
const pauseAfter = (tries: number) => Math.min(longestPauseInMs, 5_000 * 2 ** (tries - 1));

/** That the queue is away must be reported although the queue is away. */
const withoutAfterInMs = 15_000;

/** What a run met in a process that worked on it. */
export interface Fault {
  readonly runId: string;
  readonly error: Error;
}

/** What failures are reported with. */
export type NotifyTools = Pick<Rollcall, 'state' | 'log' | 'environment' | 'queue'>;

/**
 * Reports to `--on-failure` what of a schedule was not delivered yet: ends of its runs with another exit code than 0,
 * ticks that started none, and the fault that is given. One process at a time; what was delivered is written down
 * afterwards, so that a process which dies in between has it delivered again. Never throws for what the other side does.
 */
export async function notifyFailures(
  rollcall: NotifyTools,
  { name, fault, signal }: { name: string; fault?: Fault | undefined; signal: AbortSignal },
): Promise<void> {
  const { state, log } = rollcall;
  const schedule = await readSchedule(state, name);
  if (schedule?.onFailure === undefined) return;
  const { onFailure } = schedule;
  const { leases } = await rollcall.queue();
  const onError = (error: Error) =>
    log.warn({ schedule: name, reason: error.message }, 'the queue does not answer');
  await withLease({ leases, key: `alerts-${name}`, signal, withoutAfterInMs, onError }, async () => {
    const known = await readAlerts(state, name);
    const ids = new Set(known.map(({ id }) => id));
    const at = new Date().toISOString();
    const found = [...(await findEnds(rollcall, schedule, ids)), ...(await faultOf(rollcall, fault, ids))];
    const alerts: Alert[] = [...known, ...found.map((end) => ({ ...end, at, tries: 0 }))];
    if (found.length > 0) await writeAlerts(state, name, alerts);
    for (const [index, alert] of alerts.entries()) {
      if (signal.aborted || !isDue(alert)) continue;
      alerts[index] = await deliver(rollcall, { schedule, onFailure, alert, signal });
      // Removed meanwhile: nothing of it is to come back.
      if (!(await hasSchedule(state, name))) return;
      await writeAlerts(state, name, alerts);
    }
  });
}

function isDue({ state, tries, triedAt }: Alert): boolean {
  if (state !== 'open' || triedAt === undefined) return state === 'open';
  const sinceInMs = Date.now() - Date.parse(triedAt);
  // The clock may have been set back.
  return sinceInMs < 0 || sinceInMs >= pauseAfter(tries);
}

/** A fault that comes again while nobody resumed the run is not reported again. */
async function faultOf(
  { state }: Pick<Rollcall, 'state'>,
  fault: Fault | undefined,
  known: ReadonlySet<string>,
) {
  if (!fault) return [];
  const { runId, error } = fault;
  const [code, exitCode] = error instanceof RollcallError ? [error.code, error.exitCode] : ['program', 4];
  const id = `${runId} fault ${code} ${(await readControl(state, runId)).at}`;
  return known.has(id) ? [] : [{ id, runId, exitCode, reason: error.message, state: 'open' as const }];
}

async function deliver(
  rollcall: NotifyTools,
  options: { schedule: Schedule; onFailure: string; alert: Alert; signal: AbortSignal },
): Promise<Alert> {
  const { schedule, onFailure, alert, signal } = options;
  const { environment, log } = rollcall;
  const body = await buildAlert(rollcall, schedule, alert);
  const webhook = openWebhook({ url: onFailure, environment });
  const { reason: refusal } = await webhook
    .post({ id: alert.id, body, signal })
    .finally(() => webhook.close());
  const tries = alert.tries + 1;
  const triedAt = new Date().toISOString();
  if (refusal === undefined) return { ...alert, tries, triedAt, state: 'told' };
  const facts = {
    schedule: schedule.name,
    alert: alert.id,
    webhook: shownWebhook(onFailure),
    reason: refusal,
  };
  const isLast = tries >= mostTries;
  if (isLast) log.error(facts, 'the --on-failure notification was not delivered and is not retried');
  else log.warn(facts, 'the --on-failure notification was not delivered; it is retried later');
  return { ...alert, tries, triedAt, state: isLast ? 'given-up' : 'open' };
}

type Found = Omit<Alert, 'at' | 'tries'>;

/** Ends of a schedule's runs, and failures to start one, of which there is no alert yet. */
async function findEnds(
  { state }: Pick<Rollcall, 'state'>,
  schedule: Schedule,
  known: ReadonlySet<string>,
): Promise<Found[]> {
  const found: Found[] = [];
  for (const event of (await readHistory(state, schedule.name)).events) {
    if (event.result === 'failed') {
      const { tick, exitCode, why } = event;
      const id = `${schedule.name} not started ${tick}`;
      const state = event.at < schedule.createdAt ? 'settled' : 'open';
      if (!known.has(id)) found.push({ id, tick, exitCode, reason: why, state });
    } else if (event.result === 'started') {
      const end = await endOf(state, event.runId, { known, since: schedule.createdAt });
      if (end) found.push(end);
    }
  }
  return found;
}

/**
 * How a run ended, if that is news. One that was paused, resumed and paused again is news again: `control.json` has the
 * time of the resume. What ended before the schedule was added, or replaced, is not reported any more.
 */
async function endOf(
  state: Rollcall['state'],
  runId: string,
  { known, since }: { known: ReadonlySet<string>; since: string },
): Promise<Found | undefined> {
  const overId = `${runId} over`;
  if (known.has(overId)) return undefined;
  const record = await readRunRecord(state, runId);
  if (!record) return { id: overId, runId, exitCode: 0, state: 'settled' };
  const isNews = record.updatedAt >= since;
  if (record.state === 'paused') {
    const { wanted, at } = await readControl(state, runId);
    // It was resumed or cancelled meanwhile, and no worker has come to it yet.
    if (wanted !== 'pause' && at > record.updatedAt) return undefined;
    const id = `${runId} paused ${at}`;
    return known.has(id) ? undefined : { id, runId, exitCode: 3, state: isNews ? 'open' : 'settled' };
  }
  const summary = isOver(record) ? await readSummary(state, runId) : undefined;
  if (!summary) return undefined;
  const exitCode = exitCodeOf(summary, record.settings);
  return { id: overId, runId, exitCode, state: isNews && exitCode !== 0 ? 'open' : 'settled' };
}
