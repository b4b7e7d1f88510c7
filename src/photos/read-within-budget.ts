import type { ByteShare } from './byte-budget.ts';
import type { PhotoBytes, PhotoProblem } from './photo.ts';
import { largestSizeInBytes } from './read-photo.ts';

/** Reads no more than the limit, if there is one; what is larger than it is a problem with `isOverLimit`. */
export type ReadPhoto = (
  address: string,
  signal: AbortSignal,
  limitInBytes?: number,
) => Promise<PhotoBytes | PhotoProblem>;

/** Where a list says nothing of a photo's size. Rarely is one larger, and then it is read twice. */
const usualSizeInBytes = 4 * 1024 * 1024;

/** What the photos of a run that are read, prepared and sent may take, whatever the concurrency. */
export const photosBudgetInBytes = 384 * 1024 * 1024;

/** While a photo is read there are its pieces and the whole; and a HEIC or WebP grows when it is written anew. */
const copiesWhenRead = 3;

/** The photo, and the body that it is sent in; base64 is a third longer. */
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
