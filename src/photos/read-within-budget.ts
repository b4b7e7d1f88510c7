import type { ByteShare } from './byte-budget.ts';
import type { PhotoBytes, PhotoProblem } from './photo.ts';
import { largestSizeInBytes } from './read-photo.ts';

/** Reads no more than the limit, if there is one; a larger photo is a problem with `isOverLimit`. */
export type ReadPhoto = (
  address: string,
  signal: AbortSignal,
  limitInBytes?: number,
) => Promise<PhotoBytes | PhotoProblem>;

/** Assumed where the list does not name a photo's size. Few are larger, and those are read twice. */
const usualSizeInBytes = 4 * 1024 * 1024;

/** Memory for all photos of a run that are being read, prepared and sent, whatever the concurrency. */
export const photosBudgetInBytes = 256 * 1024 * 1024;

/** While a photo is read, its chunks and the whole are in memory; and a HEIC or WebP grows when it is re-encoded. */
const copiesWhenRead = 3;

/** The photo, and the body that carries it; base64 is a third longer. */
export const copiesWhenSent = 2.34;

/**
 * Reads a photo once there is memory for it, of the size that the list names; if it is larger than that, once there is
 * memory for the largest.
 */
export async function readWithinBudget({
  address,
  readPhoto,
  share,
  expectedSizeInBytes = usualSizeInBytes,
  signal,
}: {
  address: string;
  readPhoto: ReadPhoto;
  share: ByteShare;
  expectedSizeInBytes?: number | undefined;
  signal: AbortSignal;
}): Promise<PhotoBytes | PhotoProblem> {
  const sizes = [Math.min(expectedSizeInBytes, largestSizeInBytes), largestSizeInBytes];
  for (const sizeInBytes of new Set(sizes)) {
    await share.take(sizeInBytes * copiesWhenRead);
    const photo = await readPhoto(address, signal, sizeInBytes);
    const isCut = 'problem' in photo && photo.isOverLimit === true && sizeInBytes < largestSizeInBytes;
    if (!isCut) {
      share.note('problem' in photo ? 0 : photo.bytes.length * copiesWhenRead);
      return photo;
    }
  }
  throw new Error('the last size is read without a limit');
}
