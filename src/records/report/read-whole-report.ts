import { z } from 'zod';
import type { StateStore } from '../../storage/state/state-store.ts';
import { FaultError, UsageError } from '../../util/errors.ts';
import { parseAs } from '../../util/json-text.ts';
import { plural } from '../../util/plural.ts';
import { isMarked } from '../run-marks.ts';
import { isOver, type RunRecord, runFolderOf } from '../run-record.ts';
import { readReport } from './read-report.ts';
import type { ReportLine } from './report-line.ts';

const knownSchema = z.object({ leftOutOfReport: z.number().optional() });

/**
 * As `readReport`; of a run that is over, all of its lines: what is not there any more must not look as if there had been
 * nothing.
 * @throws FaultError behind the last line, where some are gone; RunPrunedError
 */
export async function* readWholeReport(state: StateStore, record: RunRecord): AsyncGenerator<ReportLine> {
  yield* unlessPruned(state, record, readReport(state, runFolderOf(record.id)), (count) =>
    assertWholeReport(state, record, count),
  );
}

/** The run is being removed, or was, while it was read. */
export class RunPrunedError extends UsageError {
  constructor(runId: string) {
    super('run-pruned', `Run ${runId} is removed just now (rollcall prune).`);
  }
}

/**
 * What is read of a run. Whatever it ends in: where the run is over and `prune` removes it meanwhile, that is why.
 * @param assertAll of a run that is over; `count`: so many were read
 * @throws RunPrunedError
 */
export async function* unlessPruned<Item>(
  state: StateStore,
  record: RunRecord,
  items: AsyncIterable<Item>,
  assertAll: (count: number) => Promise<void>,
): AsyncGenerator<Item> {
  let count = 0;
  try {
    for await (const item of items) {
      count += 1;
      yield item;
    }
    if (isOver(record)) await assertAll(count);
  } catch (error) {
    const { id } = record;
    const isThere = async () => (await state.size(`${runFolderOf(id)}/run.json`)) !== undefined;
    const isPruned = isOver(record) && ((await isMarked(state, id, 'pruned')) || !(await isThere()));
    throw isPruned ? new RunPrunedError(id) : error;
  }
}

/** Of a run that is over. `count`: so many lines were read. */
export async function assertWholeReport(
  state: StateStore,
  { id, counts }: RunRecord,
  count: number,
): Promise<void> {
  const folder = runFolderOf(id);
  const summary = (await state.read(`${folder}/summary.json`))?.toString() ?? '';
  const { leftOutOfReport = 0 } = parseAs(knownSchema, summary) ?? {};
  const expected = counts.done - leftOutOfReport;
  if (count >= expected) return;
  throw new FaultError(
    'report-missing',
    `${state.locate(folder)} has ${plural(count, 'line')} of ${plural(expected, 'photo')}: what became of the others is not known. Restore its report.jsonl and summary.json from a backup.`,
  );
}
