import type { PhotoBytes, PhotoProblem } from '../photos/photo.ts';
import { permanent, tooLarge, toPhotoBytes } from '../photos/photo-bytes.ts';
import { largestSizeInBytes } from '../photos/read-photo.ts';
import { picturePathOf } from '../records/inbox/picture.ts';
import { uploadPath } from '../records/inbox/upload.ts';
import type { StateStore } from '../storage/state/state-store.ts';

/** Reads a file that a reviewer gave. */
export async function readUpload(
  state: StateStore,
  { runId, name, limitInBytes }: { runId: string; name: string; limitInBytes?: number | undefined },
): Promise<PhotoBytes | PhotoProblem> {
  const read = await readStored(state, uploadPath(runId, name), limitInBytes);
  return read ?? permanent('the file given for the photo is not there any more');
}

/** Reads a picture that an inbox was given. */
export async function readPicture(
  state: StateStore,
  { address, limitInBytes }: { address: string; limitInBytes?: number | undefined },
): Promise<PhotoBytes | PhotoProblem> {
  const path = picturePathOf(address);
  const read = path === undefined ? undefined : await readStored(state, path, limitInBytes);
  return read ?? permanent('the picture that the inbox was given is not there any more');
}

async function readStored(
  state: StateStore,
  path: string,
  limitInBytes = largestSizeInBytes,
): Promise<PhotoBytes | PhotoProblem | undefined> {
  if (((await state.size(path)) ?? 0) > limitInBytes) return tooLarge(limitInBytes);
  const bytes = await state.read(path);
  return bytes && toPhotoBytes(bytes, undefined);
}
