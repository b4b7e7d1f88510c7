import { openErasedSubjects } from '../ledger/erased-subjects.ts';
import { createLedgerDelta } from '../ledger/ledger-delta.ts';
import { writeMissingSubjects } from '../ledger/missing-subjects.ts';
import { mergeParts } from '../records/merge-parts.ts';
import type { ReportLine } from '../records/report-line.ts';
import type { Parts } from '../records/report-parts.ts';
import { type RunRecord, runFolderOf } from '../records/run-record.ts';
import { createSummaryBuilder, type Summary, summarySchema } from '../records/summary.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { FaultError } from '../util/errors.ts';

const summaryPath = (runId: string) => `${runFolderOf(runId)}/summary.json`;

/**
 * Merges the parts, adds what came of the photos to the ledger, and writes the summary. Harmless when done again:
 * everything is written whole or not at all.
 */
export async function finishReport(options: {
  state: StateStore;
  record: RunRecord;
  listed: { count: number; leftOut?: number | undefined };
  parts: Parts;
  end: 'finished' | 'cancelled';
}): Promise<Summary> {
  const { state, record, listed, parts, end } = options;
  const builder = createSummaryBuilder();
  const erased = await openErasedSubjects(state, record.account);
  const delta = createLedgerDelta(state, record, erased);
  const isLeftOut = record.settings.report === 'changed' ? isUnchanged : undefined;
  let leftOutOfReport = 0;
  const onLine = (line: ReportLine) => {
    builder.add(line);
    delta.add(line);
    if (isLeftOut?.(line)) leftOutOfReport += 1;
  };
  let reportSha256: string;
  try {
    reportSha256 = await mergeParts({
      state,
      runFolder: runFolderOf(record.id),
      count: listed.count,
      parts: parts.infos,
      onLine,
      afterBucket: delta.flush,
      ...(isLeftOut && { isLeftOut }),
    });
    await delta.commit();
  } finally {
    await delta.discard();
  }
  const { source, engine } = record;
  const summary = builder.build({
    run: record.id,
    state: end,
    source,
    engine,
    leftOut: listed.leftOut,
    leftOutOfReport: isLeftOut && leftOutOfReport,
    missing: await writeMissingSubjects(state, { record, isWhole: end === 'finished', erased }),
    reportSha256,
  });
  await state.write(summaryPath(record.id), `${JSON.stringify(summary, undefined, 2)}\n`);
  return summary;
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
    const message = `${state.locate(path)} is damaged: put it back from a copy.`;
    throw new FaultError('state', message, { cause: error });
  }
}
