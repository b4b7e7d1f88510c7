import pLimit from 'p-limit';
import { isPictureAddress, listPictures, removePicture } from '../records/inbox/picture.ts';
import { readReport } from '../records/report/read-report.ts';
import { isDeadLetter, type ReportLine } from '../records/report/report-line.ts';
import { runFolderOf } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';

const removalsAtOnce = 16;

/** Somebody may still want to see it, or to send it again. */
const isNeeded = (line: ReportLine) => isDeadLetter(line) || line.status === 'cancelled';

/**
 * Removes the pictures of an inbox's photos that have their line, and need no attention. One that cannot be removed now
 * goes when the run is over.
 */
export async function removePicturesOf(state: StateStore, lines: readonly ReportLine[]): Promise<void> {
  const needless = lines.filter(({ photo }) => photo !== undefined && isPictureAddress(photo));
  const inTurn = pLimit(removalsAtOnce);
  await Promise.all(
    needless
      .filter((line) => !isNeeded(line))
      .map(({ photo = '' }) => inTurn(() => removePicture(state, photo).catch(() => {}))),
  );
}

/** Of a run that is over: what was saved and never taken in goes, too. Harmless when done again. */
export async function removeNeedlessPictures(state: StateStore, runId: string): Promise<void> {
  const left = new Set(await listPictures(state, runId));
  if (left.size === 0) return;
  for await (const line of readReport(state, runFolderOf(runId)))
    if (line.photo !== undefined && isNeeded(line)) left.delete(line.photo);
  for (const photo of left) await removePicture(state, photo);
}
