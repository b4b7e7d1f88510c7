import { isWorkedOn, type RunRecord } from '../records/run-record.ts';
import type { RunView } from './api/runs.ts';

/** `workers`: how many processes say that they work on it; absent where the queue does not tell. */
export function viewRun(
  record: RunRecord,
  { now, workers }: { now: Date; workers?: number | undefined },
): RunView {
  const { id, createdAt, updatedAt, source, engine, account, schedule, counts, settings } = record;
  const outlook = isWorkedOn(record, now) ? record.outlook : undefined;
  return {
    ...{ id, createdAt, updatedAt, source, engine, account },
    state: record.state === 'active' && !record.listed ? 'listing' : record.state,
    ...(schedule !== undefined && { schedule }),
    waitsFor: record.waitsFor ?? null,
    ...counts,
    total: record.listed?.count ?? null,
    rateNow: outlook?.callsPerSecond ?? null,
    rateLimit: settings.rate ?? null,
    etaSeconds: outlook?.leftInMs === undefined ? null : Math.round(outlook.leftInMs / 1000),
    workers: workers ?? outlook?.workers ?? 0,
  };
}
