import type { StateStore } from '../../storage/state/state-store.ts';
import type { ReportLine } from './report-line.ts';
import { listParts, parsePartLine, partsFolder } from './report-part.ts';
import { createSeqBitmap } from './seq-bitmap.ts';
import { verifyReport } from './verify-report.ts';

/**
 * The lines of a run's report. Finished runs: from `report.jsonl`, in manifest order. Others: from the parts, one a
 * photo, in the order in which they were written; the lowest epoch wins.
 * @throws FaultError for the report of a finished run that was changed since, before its first line
 */
export async function* readReport(state: StateStore, runFolder: string): AsyncGenerator<ReportLine> {
  if (await isComplete(state, runFolder)) {
    await verifyReport(state, runFolder);
    yield* readLinesOf(state, `${runFolder}/report.jsonl`);
    return;
  }
  const seen = createSeqBitmap();
  for (const { name } of await listParts(state, runFolder)) {
    for await (const line of readLinesOf(state, `${partsFolder(runFolder)}/${name}`)) {
      if (seen.add(line.seq)) yield line;
    }
  }
  // A run that ended meanwhile has no parts any more.
  if (!(await isComplete(state, runFolder))) return;
  for await (const line of readLinesOf(state, `${runFolder}/report.jsonl`)) {
    if (!seen.has(line.seq)) yield line;
  }
}

async function* readLinesOf(state: StateStore, path: string): AsyncGenerator<ReportLine> {
  for await (const lines of state.readLines(path)) {
    for (const { text } of lines) {
      const line = parsePartLine(text);
      if (line) yield line;
    }
  }
}

const isComplete = async (state: StateStore, runFolder: string) =>
  (await state.size(`${runFolder}/summary.json`)) !== undefined;
