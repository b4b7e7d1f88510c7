import { followsFromSubject, templateIdOf } from '../../engines/registry.ts';
import type { ForgottenSubjects } from '../../ledger/forgotten-subjects.ts';
import type { QueueBackend } from '../../queue/queue.ts';
import { readWholeReport } from '../../records/report/read-whole-report.ts';
import type { ReportLine } from '../../records/report/report-line.ts';
import type { RunRecord } from '../../records/run-record.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { templateKey } from '../../util/template-id.ts';
import { type Decision, decideTemplate, type StoredLine } from './decide-template.ts';
import { gatherHistories, type Histories } from './gather-histories.ts';

/** What is to be done about the photos of a run that have one template. */
export interface TemplatePlan {
  readonly templateId: string;
  readonly lines: readonly StoredLine[];
  readonly decision: Decision;
}

export interface PlanOptions {
  readonly state: StateStore;
  readonly backend: Pick<QueueBackend, 'openRunQueue'>;
  readonly record: RunRecord;
  readonly accounts: ReadonlySet<string>;
  readonly calledAccount: string;
  /** As of now. */
  readonly forgotten: Pick<ForgottenSubjects, 'isForgotten'>;
  readonly canDelete: boolean;
  /** Photos that are left out, by their seqs. */
  readonly done: { has(seq: number): boolean };
  readonly signal: AbortSignal;
}

/** For each so many photos the ledger is read once; what is known of them is held in memory. */
const photosAtOnce = 50_000;

/**
 * What is to be done about each photo that a run stored, by its report and the ledger, so many at a time.
 * @throws FaultError behind the last, for a report that is not whole
 */
export async function* planUndo(options: PlanOptions): AsyncGenerator<readonly TemplatePlan[]> {
  const { state, record, done } = options;
  let lines: StoredLine[] = [];
  for await (const line of readWholeReport(state, record)) {
    const stored = done.has(line.seq) ? undefined : storedLine(line);
    if (stored) lines.push(stored);
    if (lines.length < photosAtOnce) continue;
    yield await planLines(lines, options);
    lines = [];
  }
  if (lines.length > 0) yield await planLines(lines, options);
}

/** Undefined where the run made no call for the photo that may have stored it. */
function storedLine(line: ReportLine): StoredLine | undefined {
  const { engine, seq, subjectId, photo, status, stored, reason } = line;
  const isStored = stored === 'yes' || stored === 'unknown';
  if (!isStored || (status === 'skipped' && reason !== 'forgotten')) return undefined;
  if (subjectId === undefined || photo === undefined) return undefined;
  const { finishedAt, replaced, version, sha256, warnings, error } = line;
  const templateId = line.templateId ?? templateIdOf({ engine, subjectId });
  return {
    seq,
    subjectId,
    photo,
    finishedAt,
    stored,
    replaced,
    version,
    sha256,
    warnings,
    error,
    templateId,
  };
}

async function planLines(lines: readonly StoredLine[], options: PlanOptions): Promise<TemplatePlan[]> {
  const { state, record, ...rest } = options;
  const groups = new Map<string, StoredLine[]>();
  for (const line of lines) {
    const key = templateKey(line.templateId);
    const group = groups.get(key);
    if (group) group.push(line);
    else groups.set(key, [line]);
  }
  const templates = new Set(groups.keys());
  const histories = await gatherHistories(state, { ...rest, engine: record.engine, templates });
  return [...groups].map(([template, group]) => planTemplate(template, { group, histories, options }));
}

function planTemplate(
  template: string,
  { group, histories, options }: { group: readonly StoredLine[]; histories: Histories; options: PlanOptions },
): TemplatePlan {
  const { record, forgotten, canDelete } = options;
  const decision = decideTemplate({
    run: record.id,
    lines: group,
    marks: histories.marksOf(template),
    idFrom: idFrom(record.engine, group),
    awaitedBy: histories.awaitedBy(template),
    isForgotten: group.some(({ subjectId }) => forgotten.isForgotten(subjectId)),
    isEarlierForgotten: forgotten.isForgotten,
    canDelete,
  });
  return { templateId: group[0]?.templateId ?? template, lines: group, decision };
}

function idFrom(engine: string, lines: readonly StoredLine[]): 'subject' | 'list' | 'engine' {
  if (lines.some(({ warnings }) => warnings?.includes('template-id-differs'))) return 'engine';
  const isFollowing = ({ subjectId, templateId }: StoredLine) =>
    followsFromSubject({ engine, subjectId, templateId });
  return lines.every(isFollowing) ? 'subject' : 'list';
}
