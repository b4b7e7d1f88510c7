import type { StateStore } from '../storage/state/state-store.ts';
import {
  type ManifestLine,
  manifestPath,
  manifestSize,
  parseManifestLine,
  readManifest,
} from './manifest.ts';

/** As much as is read for one look; most lines are far smaller. */
const lookInBytes = 16 * 1024;

/** One line of a manifest by its number, found by halving: its lines are in order. Undefined: there is none. */
export async function readManifestLine(
  state: StateStore,
  runId: string,
  seq: number,
): Promise<ManifestLine | undefined> {
  // If there is such a line, it begins from `low` on and before `high`.
  let low = 0;
  let high = await manifestSize(state, runId);
  while (high - low > lookInBytes) {
    const middle = Math.floor((low + high) / 2);
    const next = await lineAfter(state, runId, middle);
    if (!next || next.offset >= high) high = middle + 1;
    else if (next.line.seq <= seq) low = next.offset;
    else high = next.offset;
  }
  for await (const batch of readManifest(state, runId, { offset: low })) {
    for (const { line } of batch) {
      if (line.seq === seq) return line;
      if (line.seq > seq) return undefined;
    }
  }
  return undefined;
}

/** The first line that begins behind a place. */
async function lineAfter(
  state: StateStore,
  runId: string,
  place: number,
): Promise<{ readonly line: ManifestLine; readonly offset: number } | undefined> {
  const path = manifestPath(runId);
  for (let from = place, start: number | undefined; ; from += lookInBytes) {
    const bytes = await state.readRange(path, { offset: from, sizeInBytes: lookInBytes });
    const end = bytes.indexOf('\n');
    if (end === -1 && bytes.length < lookInBytes) return undefined;
    if (end === -1) continue;
    start = from + end + 1;
    const text = bytes.subarray(end + 1);
    const length = text.indexOf('\n');
    if (length !== -1)
      return { line: parseManifestLine(text.toString('utf8', 0, length), path, start), offset: start };
    for await (const [first] of readManifest(state, runId, { offset: start, mostAtOnce: 1 })) return first;
    return undefined;
  }
}
