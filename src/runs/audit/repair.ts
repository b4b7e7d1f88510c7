import { followsFromSubject } from '../../engines/registry.ts';
import { ledgerSourceOf } from '../../ledger/ledger-event.ts';
import type { AuditLine } from '../../records/audit-line.ts';
import {
  type AuditRecord,
  readAuditLines,
  readAuditSummary,
  writeAuditRecord,
  writeAuditSummary,
} from '../../records/audit-record.ts';
import type { AuditSummary } from '../../records/audit-summary.ts';
import { listRunRecords, type RunRecord } from '../../records/run-record.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { type EnqueueTools, enqueue } from '../enqueue.ts';
import type { GivenPhoto } from '../given-photo.ts';

/** A run that enrolls anew what an audit found missing or changed. */
export interface Repair {
  readonly run: string;
  readonly photos: number;
}

export const isRepairable = ({ byStatus: { missing = 0, changed = 0 } }: AuditSummary): boolean =>
  missing + changed > 0;

/**
 * Enqueues what an audit that has ended found missing or changed, for workers to do: a run for each source and way that
 * their ids arose, with the settings of the run that enrolled them, as far as this state still has it. Done again, the
 * same runs are found.
 */
export async function enqueueRepairs(
  tools: EnqueueTools,
  record: AuditRecord,
  signal: AbortSignal = new AbortController().signal,
): Promise<Repair[]> {
  const { state } = tools;
  const likeOf = await findOrigins(state, record);
  const groups = new Set<RunRecord | undefined>();
  for await (const line of repairable(state, record.id)) groups.add(likeOf(line));
  const repairs: Repair[] = [];
  // Nothing of it is recognised as unchanged: it is the engine that lacks it.
  const asked = { ...tools, settings: { ...tools.settings, incremental: false } };
  for (const like of groups) {
    const run = `${record.id}-repair${repairs.length + 1}`;
    const photos = photosOf(state, { record, isIncluded: (line) => likeOf(line) === like });
    const { count } = await enqueue(asked, photos, {
      runId: run,
      signal,
      ...(like && { like: withoutLimits(like) }),
    });
    repairs.push({ run, photos: count });
  }
  return repairs;
}

/** To be called when the runs are over. */
export async function finishRepairs(
  state: StateStore,
  record: AuditRecord,
  repairs: readonly Repair[],
): Promise<void> {
  const summary = await readAuditSummary(state, record.id);
  if (summary) await writeAuditSummary(state, { ...summary, repairs: [...repairs] });
  await writeAuditRecord(state, { ...record, state: 'finished' });
}

async function* repairable(state: StateStore, id: string): AsyncGenerator<AuditLine> {
  for await (const line of readAuditLines(state, id))
    if (line.status === 'missing' || line.status === 'changed') yield line;
}

/** The run that enrolled somebody, else the newest of the same source: photos of one run are repaired together. */
async function findOrigins(
  state: StateStore,
  { account }: AuditRecord,
): Promise<(line: AuditLine) => RunRecord | undefined> {
  const runs = (await listRunRecords(state)).filter((run) => run.account === account);
  const byId = new Map(runs.map((run) => [run.id, run]));
  const bySource = new Map(runs.toReversed().map((run) => [ledgerSourceOf(run), run]));
  return ({ run = '', source = '' }) => {
    const found = byId.get(run);
    return bySource.get(found ? ledgerSourceOf(found) : source) ?? found;
  };
}

/** What bounded that run is no bound of this one. */
function withoutLimits({ settings, ...record }: RunRecord): RunRecord {
  const { limit: _limit, maxCalls: _maxCalls, ...rest } = settings;
  return { ...record, settings: rest };
}

async function* photosOf(
  state: StateStore,
  { record, isIncluded }: { record: AuditRecord; isIncluded: (line: AuditLine) => boolean },
): AsyncGenerator<GivenPhoto> {
  const { engine } = record;
  for await (const line of repairable(state, record.id)) {
    const { subjectId, photo, version, templateId, templateIdFrom } = line;
    if (subjectId === undefined || photo === undefined || !isIncluded(line)) continue;
    const isNamed =
      templateId !== undefined &&
      templateIdFrom !== 'engine' &&
      !followsFromSubject({ engine, subjectId, templateId });
    yield {
      subjectId,
      photo,
      ...(version !== undefined && { version }),
      ...(isNamed && { templateId }),
    };
  }
}
