import { inspectPhoto } from '../photos/inspect-photo.ts';
import { largestSizeInBytes } from '../photos/read-photo.ts';
import { removeUpload, saveUpload } from '../records/inbox/upload.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { assertStillThere } from './assert-still-there.ts';

/** Why bytes are no photo that can be sent; undefined: they are one. */
export async function flawOfUpload(bytes: Buffer): Promise<string | undefined> {
  if (bytes.length > largestSizeInBytes)
    return `photo is larger than ${largestSizeInBytes / 1024 / 1024} MiB`;
  const inspected = await inspectPhoto(bytes);
  return 'problem' in inspected ? inspected.problem : undefined;
}

/**
 * Keeps a file that a reviewer gave. @returns its name for the decision; it is durable by then
 * @throws UsageError where the run was removed meanwhile
 */
export async function takeUpload(
  state: StateStore,
  runId: string,
  bytes: Buffer,
): Promise<{ upload: string } | { problem: string }> {
  const problem = await flawOfUpload(bytes);
  if (problem !== undefined) return { problem };
  const upload = await saveUpload(state, runId, bytes);
  await assertStillThere(state, runId).catch(async (error: unknown) => {
    await removeUpload(state, runId, upload);
    throw error;
  });
  return { upload };
}
