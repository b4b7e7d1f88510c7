import { realpath } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { isInside } from '../../sources/photo-address.ts';
import { isS3Address, parseS3Address } from '../../storage/s3/s3-address.ts';

/** Where photos may lie whose list a client of the API named. */
export interface AllowedPlaces {
  /** Real paths. */
  readonly folders: readonly string[];
  readonly buckets: readonly string[];
}

/**
 * Whether a photo of this address may be read. By the real path of a file, or by its name where there is none: the answer
 * says nothing of files elsewhere. Photos over https have guards of their own.
 */
export async function isAllowedPhoto(address: string, { folders, buckets }: AllowedPlaces): Promise<boolean> {
  if (isAbsolute(address)) return isBelowOne(folders, await realpath(address).catch(() => address));
  if (!isS3Address(address)) return true;
  try {
    return buckets.includes(parseS3Address(address).bucket);
  } catch {
    return false;
  }
}

export const isBelowOne = (folders: readonly string[], path: string) =>
  folders.some((folder) => isInside(folder, path));
