import { z } from 'zod';
import type { StateStore } from '../../storage/state/state-store.ts';
import { FaultError } from '../../util/errors.ts';
import { parseAs } from '../../util/json-text.ts';
import { isOver, type RunRecord, runFolderOf } from '../run-record.ts';
import { readWholeReport, unlessPruned } from './read-whole-report.ts';
import { countDeadLetters, isDeadLetter, type ReportLine } from './report-line.ts';
import { parsePartLine } from './report-part.ts';

const knownSchema = z.object({ byStatus: z.record(z.string(), z.number()) });

/**
 * A run's dead letters: once it is over from their own file, without a look at all the other lines.
 * @throws FaultError at its end, where it has not as many as the run's summary says; RunPrunedError
 */
export async function* readDeadLetters(state: StateStore, record: RunRecord): AsyncGenerator<ReportLine> {
  const path = `${runFolderOf(record.id)}/dead-letters.jsonl`;
  if (!isOver(record) || (await state.size(path)) === undefined) {
    for await (const line of readWholeReport(state, record)) if (isDeadLetter(line)) yield line;
    return;
  }
  yield* unlessPruned(state, record, readLetters(state, path), (count) =>
    assertAll(state, { record, path, count }),
  );
}

async function* readLetters(state: StateStore, path: string): AsyncGenerator<ReportLine> {
  for await (const lines of state.readLines(path))
    yield* lines.flatMap(({ text }) => parsePartLine(text) ?? []);
}

/** A summary that is gone or damaged says nothing of it. */
async function assertAll(
  state: StateStore,
  { record, path, count }: { record: RunRecord; path: string; count: number },
): Promise<void> {
  const summary = (await state.read(`${runFolderOf(record.id)}/summary.json`))?.toString() ?? '';
  const known = parseAs(knownSchema, summary);
  const expected = known ? countDeadLetters(known.byStatus) : count;
  const isThere = known !== undefined || (await state.size(path)) !== undefined;
  if (isThere && expected === count) return;
  throw new FaultError(
    'report-changed',
    `${state.locate(path)} has ${count} of the run's ${expected} dead letters: it was cut off or edited since. ` +
      'Remove it, and they are read from report.jsonl.',
  );
}
