import { inspectPhoto } from '../photos/inspect-photo.ts';
import { largestSizeInBytes } from '../photos/read-photo.ts';
import { saveUpload } from '../records/upload.ts';
import type { StateStore } from '../storage/state/state-store.ts';

/** Why bytes are no photo that can be sent; undefined: they are one. */
export async function flawOfUpload(bytes: Buffer): Promise<string | undefined> {
  if (bytes.length > largestSizeInBytes)
    return `photo is larger than ${largestSizeInBytes / 1024 / 1024} MiB`;
  const inspected = await inspectPhoto(bytes);
  return 'problem' in inspected ? inspected.problem : undefined;
}

/** Keeps a file that a reviewer gave. @returns its name for the decision; it is durable by then */
export async function takeUpload(
  state: StateStore,
  runId: string,
  bytes: Buffer,
): Promise<{ upload: string } | { problem: string }> {
  const problem = await flawOfUpload(bytes);
  return problem === undefined ? { upload: await saveUpload(state, runId, bytes) } : { problem };
}
