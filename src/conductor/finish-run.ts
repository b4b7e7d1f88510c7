import { openErasedSubjects } from '../ledger/forgotten-subjects.ts';
import { createLedgerDelta } from '../ledger/ledger-delta.ts';
import { writeMissingSubjects } from '../ledger/missing-subjects.ts';
import { openOwnForgetList } from '../ledger/own-forget-list.ts';
import type { RunQueue } from '../queue/queue.ts';
import type { Canary } from '../records/canary.ts';
import { removeLeftOutListing } from '../records/left-out-file.ts';
import { hashManifest, type ListedInfo, manifestPath } from '../records/manifest.ts';
import { createPurseReader, moneyFolderOf } from '../records/purse.ts';
import { mergeParts } from '../records/report/merge-parts.ts';
import { countDeadLetters, type ReportLine } from '../records/report/report-line.ts';
import { partsFolder } from '../records/report/report-part.ts';
import { createAggregatesFold, writeAggregates } from '../records/report/run-aggregates.ts';
import { type RunRecord, runFolderOf, writeRunRecord } from '../records/run-record.ts';
import type { Summary } from '../records/summary.ts';
import { createSummaryBuilder, summarySchema } from '../records/summary.ts';
import { inboxOf } from '../sources/inbox/inbox-source.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { writeAmount } from '../util/amount.ts';
import { FaultError } from '../util/errors.ts';
import { removeNeedlessPictures } from './remove-pictures.ts';
import { removeEnrolledUploads } from './remove-uploads.ts';

const summaryPath = (runId: string) => `${runFolderOf(runId)}/summary.json`;

/**
 * Merges the parts, adds what came of the photos to the ledger, and writes aggregates and summary. Harmless when done again:
 * everything is written whole or not at all.
 */
export async function finishReport(options: {
  state: StateStore;
  record: RunRecord;
  listed: Pick<ListedInfo, 'count'> & Partial<ListedInfo>;
  /** Whether the file or object that was listed has changed since. */
  isSourceChanged: boolean;
  end: 'finished' | 'cancelled';
}): Promise<Summary> {
  const { state, record, listed, end } = options;
  const builder = createSummaryBuilder();
  const erased = await openErasedSubjects(state, record);
  const aggregates = createAggregatesFold();
  const delta = createLedgerDelta(state, record, erased);
  const ownForgetList = await openOwnForgetList(state, record);
  const isLeftOut = record.settings.report === 'changed' ? isUnchanged : undefined;
  let leftOutOfReport = 0;
  const onLine = (line: ReportLine) => {
    builder.add(line);
    aggregates.add(line);
    delta.add(line);
    ownForgetList?.note(line);
    if (isLeftOut?.(line)) leftOutOfReport += 1;
  };
  let reportSha256: string;
  try {
    reportSha256 = await mergeParts({
      state,
      runFolder: runFolderOf(record.id),
      count: listed.count,
      onLine,
      afterBucket: delta.flush,
      ...(isLeftOut && { isLeftOut }),
    });
    await delta.commit();
  } finally {
    await delta.discard();
  }
  const { source, engine } = record;
  const isWholeList = end === 'finished' && isWhole(listed, record);
  const summary = builder.build({
    run: record.id,
    state: end,
    source,
    engine,
    listed,
    isSourceChanged: options.isSourceChanged,
    isOverdue: record.delivered?.isOverdue === true,
    leftOutOfReport: isLeftOut && leftOutOfReport,
    missing: await writeMissingSubjects(state, {
      record,
      isWhole: isWholeList,
      erased,
    }),
    // Who is not in a part of a list may be in the rest.
    forgetList: isWholeList && record.settings.limit === undefined ? await ownForgetList?.count() : undefined,
    reportSha256,
    settings: record.settings,
    claimed: await claimedOf(state, record),
  });
  await writeAggregates(state, runFolderOf(record.id), aggregates.build(record.id));
  await state.write(summaryPath(record.id), `${JSON.stringify(summary, undefined, 2)}\n`);
  return summary;
}

/** Undefined: its calls have no price, or it cannot be read, for which no run stays open. */
async function claimedOf(state: StateStore, { id, settings }: RunRecord): Promise<string | undefined> {
  if (!settings.price) return undefined;
  const purses = await createPurseReader(state, moneyFolderOf(id))
    .read()
    .catch(() => undefined);
  return purses && writeAmount(purses.claimed);
}

/** Nothing is derived from what an inbox was given, nor from a list with gaps; nor from an empty one, such as that of a drive that is not there. */
function isWhole({ count, gaps = 0 }: Partial<ListedInfo>, record: RunRecord): boolean {
  const { settings } = record;
  return inboxOf(record) === undefined && gaps === 0 && (count !== 0 || settings.allowEmpty);
}

const isUnchanged = (line: ReportLine) => line.status === 'skipped' && line.reason === 'unchanged';

/** @throws FaultError where it is damaged: then the report is complete, but nothing says so any more */
export async function readSummary(state: StateStore, runId: string): Promise<Summary | undefined> {
  const path = summaryPath(runId);
  const bytes = await state.read(path);
  if (!bytes) return undefined;
  try {
    return summarySchema.parse(JSON.parse(bytes.toString()));
  } catch (error) {
    const message = `${state.locate(path)} is damaged: restore it from a backup.`;
    throw new FaultError('state', message, { cause: error });
  }
}

/**
 * What is left to do for a run whose summary is written: the report is complete from then on, whatever `run.json` says.
 * Whoever dies in between leaves it to the next; all of it is harmless when done again.
 */
export async function endRun(options: {
  state: StateStore;
  queue: Pick<RunQueue, 'obliterate'>;
  /** With the epoch of the conductor that ends it. */
  record: RunRecord;
  summary: Summary;
}): Promise<void> {
  const { state, queue, summary } = options;
  const { waitsFor: _, outlook: __, ...record } = options.record;
  await queue.obliterate();
  await state.seal(manifestPath(record.id), { epoch: record.epoch });
  await removeEnrolledUploads(state, record.id);
  await removeNeedlessPictures(state, record.id);
  const listed = record.listed ?? (await listedAgain(state, summary));
  const canary = record.canary && canaryAtEnd(record.canary);
  const ownTemplateIds = summary.warnings?.['template-id-differs'];
  await writeRunRecord(state, {
    ...record,
    state: summary.state,
    ...(ownTemplateIds !== undefined && { ownTemplateIds }),
    ...(canary && { canary }),
    listed,
    counts: {
      listed: listed.count,
      done: summary.total,
      deadLetters: countDeadLetters(summary.byStatus),
      calls: summary.calls,
      identifications: summary.identifications ?? 0,
      saved: summary.saved ?? 0,
      callStatistics: summary.callStatistics,
      claimed: summary.money?.atMost,
    },
  });
  await removeParts(state, record.id);
}

/** The report has all that they held. A leftover of a death before this is removed at the next look at the run. */
export async function removeParts(state: StateStore, runId: string): Promise<void> {
  await removeLeftOutListing(state, runId);
  await state.remove(partsFolder(runFolderOf(runId)));
}

/** For a `run.json` that was damaged and put together again. */
async function listedAgain(state: StateStore, summary: Summary): Promise<NonNullable<RunRecord['listed']>> {
  const { leftOut, leftOutBy, listedAt } = summary;
  return {
    ...(await hashManifest(state, summary.run)),
    ...(leftOut !== undefined && { leftOut }),
    ...(leftOutBy !== undefined && { leftOutBy }),
    ...(listedAt !== undefined && { at: listedAt }),
  };
}

/** Nobody judges it any more. */
const canaryAtEnd = (canary: Canary): Canary =>
  canary.state === 'listing' || canary.state === 'running' ? { ...canary, state: 'cancelled' } : canary;
