import { randomBytes } from 'node:crypto';
import type { StateStore } from '../../storage/state/state-store.ts';
import { runFolderOf } from '../run-record.ts';

/** Pictures that an inbox was given: in the state until their photo has its outcome, and with dead letters for longer. */
const picturesFolder = (runId: string) => `${runFolderOf(runId)}/pictures`;

const addressPattern = /^inbox:\/\/([A-Za-z0-9][A-Za-z0-9._-]{0,63})\/([0-9a-f]{32})$/;

export const isPictureAddress = (photo: string): boolean => addressPattern.test(photo);

/** Where the picture of such an address lies; undefined: it is another photo. */
export function picturePathOf(photo: string): string | undefined {
  const [, run, name] = addressPattern.exec(photo) ?? [];
  return run === undefined ? undefined : `${picturesFolder(run)}/${name}`;
}

/** @returns its address as a photo; it is durable by then */
export async function savePicture(state: StateStore, runId: string, bytes: Uint8Array): Promise<string> {
  const name = randomBytes(16).toString('hex');
  await state.write(`${picturesFolder(runId)}/${name}`, bytes);
  return `inbox://${runId}/${name}`;
}

/** Of any other photo nothing is removed. */
export async function removePicture(state: StateStore, photo: string): Promise<void> {
  const path = picturePathOf(photo);
  if (path !== undefined) await state.remove(path);
}

/** The addresses of the pictures that are kept with a run. */
export async function listPictures(state: StateStore, runId: string): Promise<string[]> {
  return (await state.list(picturesFolder(runId)))
    .map(({ name }) => `inbox://${runId}/${name}`)
    .filter(isPictureAddress);
}
