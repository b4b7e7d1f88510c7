import { randomBytes } from 'node:crypto';
import type { StateStore } from '../../storage/state/state-store.ts';
import { runFolderOf } from '../run-record.ts';

/** Files that reviewers gave in place of photos: in the state until they are enrolled. */
export const uploadsFolder = (runId: string) => `${runFolderOf(runId)}/uploads`;

export const uploadPath = (runId: string, name: string) => `${uploadsFolder(runId)}/${name}`;

/** @returns its name, by which a decision names it; it is durable by then */
export async function saveUpload(state: StateStore, runId: string, bytes: Uint8Array): Promise<string> {
  const name = randomBytes(16).toString('hex');
  await state.write(uploadPath(runId, name), bytes);
  return name;
}

export const removeUpload = (state: StateStore, runId: string, name: string): Promise<void> =>
  state.remove(uploadPath(runId, name));

export const hasUpload = async (state: StateStore, runId: string, name: string) =>
  (await state.size(uploadPath(runId, name))) !== undefined;

export async function listUploads(state: StateStore, runId: string): Promise<string[]> {
  return (await state.list(uploadsFolder(runId))).map(({ name }) => name);
}
