import { createHash, hash } from 'node:crypto';
import { setImmediate as otherWork } from 'node:timers/promises';
import type { PhotoBytes, PhotoProblem } from './photo.ts';

/** The bytes of a photo with their hash; an empty file is a problem, so that it costs no call. */
export async function toPhotoBytes(
  bytes: Buffer,
  version: string | undefined,
): Promise<PhotoBytes | PhotoProblem> {
  if (bytes.length === 0) return permanent('photo is empty (0 bytes)');
  const sha256 = await hashBytes(bytes);
  return { bytes, sha256, ...(version === undefined ? {} : { version }) };
}

/** Hashed in one go, which takes some 3 ms. */
const pieceInBytes = 1024 * 1024;

/** SHA-256, of a large photo a piece at a time: the largest would block the event loop for 200 ms. */
async function hashBytes(bytes: Buffer): Promise<string> {
  if (bytes.length <= pieceInBytes) return hash('sha256', bytes);
  const sha256 = createHash('sha256');
  for (let at = 0; at < bytes.length; at += pieceInBytes) {
    if (at > 0) await otherWork();
    sha256.update(bytes.subarray(at, at + pieceInBytes));
  }
  return sha256.digest('hex');
}

/** A problem that a retry does not solve. */
export function permanent(problem: string): PhotoProblem {
  return { problem, retryable: false };
}

/** A problem that a retry may solve. */
export function transient(problem: string): PhotoProblem {
  return { problem, retryable: true };
}

/** Where the photos lie cannot be read at all: no photo is at fault. */
export function sourceFault(problem: string): PhotoProblem {
  return { problem, retryable: true, fault: 'source' };
}

/** The photo's fault, or the source's where no photo can be read. */
export function openFault(problem: PhotoProblem): PhotoProblem {
  return { ...problem, fault: 'open' };
}

export function tooLarge(maxSizeInBytes: number): PhotoProblem {
  const problem = `photo is larger than ${Math.floor(maxSizeInBytes / 1024 / 1024)} MiB`;
  return { problem, retryable: false, isOverLimit: true };
}
