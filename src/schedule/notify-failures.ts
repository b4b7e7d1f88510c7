import { withLease } from '../queue/lease.ts';
import { readControl } from '../records/run-control.ts';
import { readSchedule, type Schedule } from '../records/schedule.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import { RollcallError } from '../util/errors.ts';
import { type Alert, readAlerts, writeAlerts } from './alerts.ts';
import { buildAlert } from './build-alert.ts';
import { findEnds } from './find-ends.ts';
import { postToWebhook, shownWebhook } from './webhook.ts';

/** Ten tries in the course of 40 minutes. */
const mostTries = 10;
const longestPauseInMs = 600_000;
const pauseAfter = (tries: number) => Math.min(longestPauseInMs, 5_000 * 2 ** (tries - 1));

/** That the queue is away must be told although the queue is away. */
const withoutAfterInMs = 15_000;

/** What a run met in a process that worked on it. */
export interface Fault {
  readonly runId: string;
  readonly error: Error;
}

/**
 * Tells `--on-failure` what of a schedule was not told yet: ends of its runs with another exit code than 0, ticks that
 * started none, and the fault that is given. One process at a time; what was told is written down after it was taken,
 * so that a process which dies in between has it told again. Never throws for what the other side does.
 */
export async function notifyFailures(
  rollcall: Rollcall,
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
      alerts[index] = await tell(rollcall, { schedule, onFailure, alert, signal });
      await writeAlerts(state, name, alerts);
    }
  });
}

const isDue = ({ state, tries, triedAt }: Alert) =>
  state === 'open' && (triedAt === undefined || Date.now() - Date.parse(triedAt) >= pauseAfter(tries));

/** A fault that comes again while nobody resumed the run is not told again. */
async function faultOf({ state }: Rollcall, fault: Fault | undefined, known: ReadonlySet<string>) {
  if (!fault) return [];
  const { runId, error } = fault;
  const [code, exitCode] = error instanceof RollcallError ? [error.code, error.exitCode] : ['program', 4];
  const id = `${runId} fault ${code} ${(await readControl(state, runId)).at}`;
  return known.has(id) ? [] : [{ id, runId, exitCode, reason: error.message, state: 'open' as const }];
}

async function tell(
  rollcall: Rollcall,
  options: { schedule: Schedule; onFailure: string; alert: Alert; signal: AbortSignal },
): Promise<Alert> {
  const { schedule, onFailure, alert, signal } = options;
  const { environment, log } = rollcall;
  const body = await buildAlert(rollcall, schedule, alert);
  const refusal = await postToWebhook({ url: onFailure, body, environment, signal });
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
