import { keyWithoutBlanks } from '../../ledger/ledger-event.ts';
import { parseDecision } from '../../records/decisions/decision.ts';
import { changeDecisions, decisionsFolder, readDecisions } from '../../records/decisions/decision-files.ts';
import { listPictures, removePicture } from '../../records/inbox/picture.ts';
import { listUploads, removeUpload } from '../../records/inbox/upload.ts';
import { readManifest } from '../../records/manifest.ts';
import { runsFolder } from '../../records/run-record.ts';
import type { StateStore } from '../../storage/state/state-store.ts';

/**
 * Removes what reviews and inboxes hold of subjects: what was decided of their photos, files that were given in place of
 * them, pictures that an inbox was given, and what others' reasons say where they name them. Files that no decision
 * names yet may be of anybody: they go, too.
 * Harmless when done again.
 * @param subjects as `keyWithoutBlanks` has them
 */
export async function forgetReviews(
  state: StateStore,
  { subjects, signal }: { subjects: ReadonlySet<string>; signal: AbortSignal },
): Promise<void> {
  if (subjects.size === 0) return;
  for (const { name: runId, isFolder } of await state.list(runsFolder)) {
    signal.throwIfAborted();
    if (!isFolder) continue;
    if (await hasReview(state, runId)) await forgetReview(state, { runId, subjects, signal });
    await forgetPictures(state, { runId, subjects, signal });
  }
}

/**
 * Of a photo that an inbox was given and that is not listed yet, the picture goes with its line: it is settled as one of
 * somebody who is forgotten.
 */
async function forgetPictures(
  state: StateStore,
  { runId, subjects, signal }: { runId: string; subjects: ReadonlySet<string>; signal: AbortSignal },
): Promise<void> {
  if ((await listPictures(state, runId)).length === 0) return;
  for await (const batch of readManifest(state, runId)) {
    signal.throwIfAborted();
    for (const { line } of batch)
      if (line.subjectId !== undefined && subjects.has(keyWithoutBlanks(line.subjectId)))
        await removePicture(state, line.photo ?? '');
  }
}

async function hasReview(state: StateStore, runId: string): Promise<boolean> {
  const [decisions, uploads] = await Promise.all([
    state.list(decisionsFolder(runId)),
    listUploads(state, runId),
  ]);
  return decisions.length > 0 || uploads.length > 0;
}

async function forgetReview(
  state: StateStore,
  { runId, subjects, signal }: { runId: string; subjects: ReadonlySet<string>; signal: AbortSignal },
): Promise<void> {
  const seqs = new Set<number>();
  const uploadsOfOthers = new Set<string>();
  for await (const batch of readManifest(state, runId)) {
    signal.throwIfAborted();
    for (const { line } of batch) {
      if (line.subjectId !== undefined && subjects.has(keyWithoutBlanks(line.subjectId))) seqs.add(line.seq);
      else if (line.decided?.upload !== undefined) uploadsOfOthers.add(line.decided.upload);
    }
  }
  for (const { seq, upload } of (await readDecisions(state, runId)).values())
    if (upload !== undefined && !seqs.has(seq)) uploadsOfOthers.add(upload);
  await changeDecisions(state, runId, (text) => withoutSubjects(text, { seqs, subjects }));
  for (const name of await listUploads(state, runId))
    if (!uploadsOfOthers.has(name)) await removeUpload(state, runId, name);
}

/** Undefined for a line that is to go; one of another version goes where any text of it names a subject. */
export function withoutSubjects(
  text: string,
  { seqs, subjects }: { seqs: ReadonlySet<number>; subjects: ReadonlySet<string> },
): string | undefined {
  const decision = parseDecision(text);
  if (!decision) return textsIn(text).some((words) => isNaming(words, subjects)) ? undefined : text;
  if (seqs.has(decision.seq)) return undefined;
  const { reason, ...rest } = decision;
  if (reason === undefined || !isNaming(reason, subjects)) return text;
  return JSON.stringify({ ...rest, reason: 'removed: it named somebody who is forgotten' });
}

/** Whether a text has a subject's id in it, and not only as a part of a longer word or number. */
function isNaming(text: string, subjects: ReadonlySet<string>): boolean {
  const words = keyWithoutBlanks(text);
  for (const subject of subjects) {
    for (let at = words.indexOf(subject); at !== -1; at = words.indexOf(subject, at + 1)) {
      const around = `${words.slice(0, at).at(-1) ?? ''} ${words.at(at + subject.length) ?? ''}`;
      if (!/[\p{L}\p{N}]/u.test(around)) return true;
    }
  }
  return false;
}

function textsIn(line: string): string[] {
  const texts: string[] = [];
  try {
    JSON.parse(line, (_, value) => {
      if (typeof value === 'string') texts.push(value);
      return value;
    });
    return texts;
  } catch {
    return [line];
  }
}
