import type { StateStore } from '../state/state-store.ts';
import { parsePartLine, partPattern, partsFolder } from './parts.ts';
import type { ReportLine } from './record.ts';

/**
 * The lines of a run's report. Finished runs: from `report.jsonl`, in manifest order. Others: from the parts, one a
 * photo, in the order in which they came.
 */
export async function* readReport(state: StateStore, runFolder: string): AsyncGenerator<ReportLine> {
  if ((await state.size(`${runFolder}/summary.json`)) !== undefined) {
    yield* readLinesOf(state, `${runFolder}/report.jsonl`);
    return;
  }
  const seen = new Set<number>();
  const folder = partsFolder(runFolder);
  for (const { name } of await state.list(folder)) {
    if (!partPattern.test(name)) continue;
    for await (const line of readLinesOf(state, `${folder}/${name}`)) {
      if (seen.has(line.seq)) continue;
      seen.add(line.seq);
      yield line;
    }
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
