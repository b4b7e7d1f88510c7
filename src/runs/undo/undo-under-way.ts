import { isMarked, markRun, unmarkRun } from '../../records/run-marks.ts';
import { type RunRecord, readRunRecord, writeRunRecord } from '../../records/run-record.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { UsageError } from '../../util/errors.ts';
import { countUndone, type UndoCounts } from './undo-counts.ts';
import { readUndoLines } from './undo-files.ts';

/**
 * Before anything is taken back: from here on nobody removes the run, and whoever looks at it sees that it is not whole.
 * @throws UsageError for a run that is being removed
 */
export async function beginUndo(state: StateStore, record: RunRecord): Promise<void> {
  const { id } = record;
  await markRun(state, id, 'undo-under-way');
  if ((await isMarked(state, id, 'pruned')) || !(await readRunRecord(state, id))) {
    await unmarkRun(state, id, 'undo-under-way');
    throw new UsageError(
      'run-removed',
      `Run ${id} is being removed by rollcall prune: what it stored cannot be taken back any more.`,
    );
  }
  await noteOn(state, record, { counts: await countUndone(readUndoLines(state, id)), isUnderWay: true });
}

/** As far as it came. `isUnderWay`: it is to be started again. */
export async function endUndo(
  state: StateStore,
  record: RunRecord,
  end: { counts: UndoCounts; isUnderWay: boolean },
): Promise<void> {
  await noteOn(state, record, end);
  if (!end.isUnderWay) await unmarkRun(state, record.id, 'undo-under-way');
}

function noteOn(
  state: StateStore,
  record: RunRecord,
  { counts, isUnderWay }: { counts: UndoCounts; isUnderWay: boolean },
): Promise<void> {
  const at = new Date().toISOString();
  const undone = { at, ...counts.byStatus, ...(isUnderWay && { isUnderWay: true as const }) };
  return writeRunRecord(state, { ...record, undone });
}
