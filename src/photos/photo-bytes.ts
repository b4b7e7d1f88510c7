import { createHash } from 'node:crypto';
import type { PhotoBytes, PhotoProblem } from './photo.ts';

/** The bytes of a photo with their hash; no bytes are a problem, which costs no call. */
export function toPhotoBytes(bytes: Buffer, version: string | undefined): PhotoBytes | PhotoProblem {
  if (bytes.length === 0) return lasting('photo is empty (0 bytes)');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { bytes, sha256, ...(version === undefined ? {} : { version }) };
}

/** A problem that stays. */
export function lasting(problem: string): PhotoProblem {
  return { problem, retryable: false };
}

/** A problem that may pass. */
export function passing(problem: string): PhotoProblem {
  return { problem, retryable: true };
}

export function tooLarge(maxSizeInBytes: number): PhotoProblem {
  const problem = `photo is larger than ${Math.floor(maxSizeInBytes / 1024 / 1024)} MiB`;
  return { problem, retryable: false, isOverLimit: true };
}
