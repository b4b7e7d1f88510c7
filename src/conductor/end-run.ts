import type { RunQueue } from '../queue/queue.ts';
import { hashManifest, manifestPath } from '../records/manifest.ts';
import { partsFolder } from '../records/report-part.ts';
import { type RunRecord, runFolderOf, writeRunRecord } from '../records/run-record.ts';
import type { Summary } from '../records/summary.ts';
import type { StateStore } from '../storage/state/state-store.ts';

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
  const { rejected = 0, failed = 0, duplicate = 0 } = summary.byStatus;
  await state.seal(manifestPath(record.id), { epoch: record.epoch });
  const listed = record.listed ?? (await listedAgain(state, summary));
  await writeRunRecord(state, {
    ...record,
    state: summary.state,
    listed,
    counts: {
      listed: listed.count,
      done: summary.total,
      deadLetters: rejected + failed + duplicate,
      calls: summary.calls,
    },
  });
  await removeParts(state, record.id);
}

/** The report has all that they held. A leftover of a death before this is removed at the next look at the run. */
export async function removeParts(state: StateStore, runId: string): Promise<void> {
  await state.remove(partsFolder(runFolderOf(runId)));
}

/** For a `run.json` that was damaged and put together again. */
async function listedAgain(state: StateStore, summary: Summary): Promise<NonNullable<RunRecord['listed']>> {
  const { leftOut } = summary;
  return { ...(await hashManifest(state, summary.run)), ...(leftOut !== undefined && { leftOut }) };
}
