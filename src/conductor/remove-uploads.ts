import { listUploads, removeUpload } from '../records/inbox/upload.ts';
import { readManifest } from '../records/manifest.ts';
import { readReport } from '../records/report/read-report.ts';
import { isDeadLetter } from '../records/report/report-line.ts';
import { runFolderOf } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';

/** Removes the files that reviewers gave, once their photos need no attention any more. Harmless when done again. */
export async function removeEnrolledUploads(state: StateStore, runId: string): Promise<void> {
  if ((await listUploads(state, runId)).length === 0) return;
  const uploads = new Map<number, string>();
  for await (const batch of readManifest(state, runId))
    for (const { line } of batch)
      if (line.decided?.upload !== undefined) uploads.set(line.seq, line.decided.upload);
  for await (const line of readReport(state, runFolderOf(runId))) {
    const name = uploads.get(line.seq);
    if (name !== undefined && !isDeadLetter(line) && line.status !== 'cancelled')
      await removeUpload(state, runId, name);
  }
}
