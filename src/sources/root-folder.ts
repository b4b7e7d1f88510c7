import { isS3Address } from '../storage/s3/s3-address.ts';
import type { ManifestPlace } from './manifest-bytes.ts';
import type { Source } from './source.ts';

/** A manifest's photos may not leave its folder, unless that is permitted; one on S3 names no local photos at all. */
export function rootFolderOf({ folder }: ManifestPlace, isAnywhere: boolean): Pick<Source, 'rootFolder'> {
  return isAnywhere || isS3Address(folder) ? {} : { rootFolder: folder };
}
