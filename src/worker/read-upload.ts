import type { PhotoBytes, PhotoProblem } from '../photos/photo.ts';
import { permanent, tooLarge, toPhotoBytes } from '../photos/photo-bytes.ts';
import { largestSizeInBytes } from '../photos/read-photo.ts';
import { uploadPath } from '../records/upload.ts';
import type { StateStore } from '../storage/state/state-store.ts';

/** Reads a file that a reviewer gave. */
export async function readUpload(
  state: StateStore,
  {
    runId,
    name,
    limitInBytes = largestSizeInBytes,
  }: { runId: string; name: string; limitInBytes?: number | undefined },
): Promise<PhotoBytes | PhotoProblem> {
  const path = uploadPath(runId, name);
  if (((await state.size(path)) ?? 0) > limitInBytes) return tooLarge(limitInBytes);
  const bytes = await state.read(path);
  return bytes
    ? toPhotoBytes(bytes, undefined)
    : permanent('the file given for the photo is not there any more');
}
