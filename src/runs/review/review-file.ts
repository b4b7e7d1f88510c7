import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { largestSizeInBytes } from '../../photos/read-photo.ts';
import { removeUpload } from '../../records/inbox/upload.ts';
import type { RunRecord } from '../../records/run-record.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { whyUnreadable } from '../../util/why-unreadable.ts';
import { takeUpload } from '../take-upload.ts';
import { refusedDecisions } from './check-decisions.ts';
import { type AskedDecision, decide } from './decide.ts';
import { badRows, type DecisionRow, readDecisionsFile } from './read-decisions-file.ts';

/**
 * Decides what a file says, all of it or nothing.
 * @param review.file JSONL or CSV; files that its rows name are looked for from `folder` on
 * @returns how many decisions it made
 * @throws UsageError that names every row that cannot be
 */
export async function reviewByFile(
  { state, folder }: { state: StateStore; folder: string },
  record: RunRecord,
  { file, reviewer }: { file: string; reviewer: string },
): Promise<number> {
  const rows = await readDecisionsFile(resolve(folder, file));
  await assertRows(state, record, { file, rows });
  const taken: string[] = [];
  const bad: string[] = [];
  const asked: AskedDecision[] = [];
  for (const { row, file: given, ...one } of rows) {
    const upload = given === undefined ? undefined : await takeFile(state, record.id, resolve(folder, given));
    if (upload && 'problem' in upload) bad.push(`row ${row}: ${given}: ${upload.problem}`);
    else if (upload) taken.push(upload.upload);
    asked.push({ ...one, ...(upload && 'upload' in upload && upload) });
  }
  const end = bad.length > 0 ? { refused: [] } : await decide(state, record, { reviewer, asked });
  if ('decisions' in end) return asked.length;
  for (const name of taken) await removeUpload(state, record.id, name);
  throw badRows(file, [...bad, ...end.refused.map(({ seq, problem }) => `photo ${seq} ${problem}`)]);
}

/** Before any file is taken. */
async function assertRows(
  state: StateStore,
  record: RunRecord,
  { file, rows }: { file: string; rows: readonly DecisionRow[] },
): Promise<void> {
  const rowOf = new Map(rows.map(({ seq, row }) => [seq, row]));
  const asked = rows.map(({ row: _, file: given, ...one }) => ({ ...one, isFileGiven: given !== undefined }));
  const refused = await refusedDecisions(state, record, asked);
  const bad = refused.map(({ seq, problem }) => `row ${rowOf.get(seq)}: photo ${seq} ${problem}`);
  if (bad.length > 0) throw badRows(file, bad);
}

async function takeFile(
  state: StateStore,
  runId: string,
  path: string,
): Promise<{ upload: string } | { problem: string }> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return { problem: 'is no file' };
    if (found.size > largestSizeInBytes) return { problem: 'is larger than 64 MiB' };
    return await takeUpload(state, runId, await readFile(path));
  } catch (error) {
    const cause = error as NodeJS.ErrnoException;
    if (cause.code === undefined) throw error;
    return { problem: whyUnreadable(cause) };
  }
}
