import type { SpendingTerms } from '../../account/spending.ts';
import { followsFromSubject } from '../../engines/registry.ts';
import { sourceNameOf } from '../../ledger/ledger-event.ts';
import type { AuditLine } from '../../records/audit/audit-line.ts';
import {
  type AuditRecord,
  readAuditLines,
  readAuditSummary,
  writeAuditRecord,
  writeAuditSummary,
} from '../../records/audit/audit-record.ts';
import type { AuditSummary } from '../../records/audit/audit-summary.ts';
import { manifestPath } from '../../records/manifest.ts';
import { listRunRecords, type RunRecord } from '../../records/run-record.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { type EnqueueTools, enqueue } from '../enqueue.ts';
import type { GivenPhoto } from '../given-photo.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { lookAgain } from './look-again.ts';
import { openRepairBudget } from './repair-budget.ts';
import { originsOf, repairRunOf } from './repair-origins.ts';

/** A run that enrolls anew what an audit found missing or changed. */
export interface Repair {
  readonly run: string;
  readonly photos: number;
}

export const isRepairable = ({ byStatus: { missing = 0, changed = 0 } }: AuditSummary): boolean =>
  missing + changed > 0;

type RepairTools = EnqueueTools & Pick<Rollcall, 'engineOf' | 'calledAccountOf'>;

/**
 * Enqueues what an audit that has ended found missing or changed, for workers to do: a run for each source and way that
 * their ids arose, with the settings of the run that enrolled them, as far as this state still has it. Whom a later run, an
 * undoing or `forget` changed since is left alone. Done again, the same runs are found.
 */
export async function enqueueRepairs(
  tools: RepairTools,
  record: AuditRecord,
  signal: AbortSignal = new AbortController().signal,
): Promise<Repair[]> {
  const repairs: Repair[] = [];
  for await (const repair of startRepairs(tools, record, signal)) repairs.push(repair);
  return repairs;
}

/**
 * The same, one run after the other. What is left of the audit's budget is theirs, each by its share of the photos; what a
 * run that is over by then did not need goes to those after it.
 * @throws BudgetSpentError where nothing is left
 */
export async function* startRepairs(
  tools: RepairTools,
  record: AuditRecord,
  signal: AbortSignal,
): AsyncGenerator<Repair> {
  const { state } = tools;
  const { id, threshold } = record;
  const runs = await listRunRecords(state);
  const origins = originsOf(runs, record);
  const look = await lookAgain(tools, { id, threshold, signal });
  const isOpen = (line: NamedLine) => !look.isOvertaken(line) && look.takenBy(line) === undefined;
  // By what the ledger said alone: whatever becomes of runs meanwhile, each photo is found in the same repair again.
  const groups = new Map<string, { all: number; open: number }>();
  for await (const line of repairable(state, id)) {
    const { all, open } = groups.get(sourceOf(line)) ?? { all: 0, open: 0 };
    groups.set(sourceOf(line), { all: all + 1, open: isOpen(line) ? open + 1 : open });
  }
  const begun = new Set(runs.map((run) => run.id));
  const repairs = [...groups].map(([source, { all, open }], index) => {
    const run = repairRunOf(record, index + 1);
    return { source, run, wanted: begun.has(run) ? all : open };
  });
  const budget = await openRepairBudget(state, id);
  let photosLeft = repairs.reduce((sum, { wanted }) => sum + wanted, 0);
  for (const { source, run, wanted } of repairs) {
    if (wanted === 0) continue;
    const like = origins.get(source);
    const isIncluded = (line: NamedLine) => sourceOf(line) === source && isOpen(line);
    const terms = await budget.termsOf(run, { photos: wanted, of: photosLeft });
    const settings = { ...tools.settings, incremental: false, ...terms };
    // What was listed of it before a death is perhaps not open any more.
    if (!begun.has(run)) await state.remove(manifestPath(run));
    // Nothing of it is recognised as unchanged: it is the engine that lacks it.
    const { count } = await enqueue({ ...tools, settings }, photosOf(state, { record, isIncluded }), {
      runId: run,
      signal,
      ...(like && { like: withoutLimits(like, terms) }),
    });
    photosLeft -= wanted;
    yield { run, photos: count };
  }
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

const sourceOf = ({ source = '' }: AuditLine) => sourceNameOf({ source });

type NamedLine = AuditLine & {
  readonly subjectId: string;
  readonly photo: string;
  readonly templateId: string;
};

const isNamed = (line: AuditLine): line is NamedLine =>
  line.subjectId !== undefined && line.photo !== undefined && line.templateId !== undefined;

async function* repairable(state: StateStore, id: string): AsyncGenerator<NamedLine> {
  for await (const line of readAuditLines(state, id))
    if ((line.status === 'missing' || line.status === 'changed') && isNamed(line)) yield line;
}

/** What bounded that run is no bound of this one; a call costs what it did then, unless the audit was told otherwise. */
function withoutLimits({ settings, ...record }: RunRecord, { price, budget }: SpendingTerms): RunRecord {
  const { limit: _limit, maxCalls: _maxCalls, budget: _budget, ...rest } = settings;
  return {
    ...record,
    settings: { ...rest, ...(price && { price }), ...(budget !== undefined && { budget }) },
  };
}

async function* photosOf(
  state: StateStore,
  { record, isIncluded }: { record: AuditRecord; isIncluded: (line: NamedLine) => boolean },
): AsyncGenerator<GivenPhoto> {
  const { engine } = record;
  for await (const line of repairable(state, record.id)) {
    const { subjectId, photo, version, templateId, templateIdFrom } = line;
    if (!isIncluded(line)) continue;
    const isGiven = templateIdFrom !== 'engine' && !followsFromSubject({ engine, subjectId, templateId });
    yield {
      subjectId,
      photo,
      ...(version !== undefined && { version }),
      ...(isGiven && { templateId }),
    };
  }
}
