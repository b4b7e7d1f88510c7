import { createPhotoReader, type PhotoReader } from '../photos/read-photo.ts';
import type { Rollcall } from './open-rollcall.ts';

/** Reads the photos of a source, or of a run; to be closed. `rootFolder`: that photos on this machine may not leave. */
export function openPhotoReader(
  { settings, s3 }: Pick<Rollcall, 'settings' | 's3'>,
  { rootFolder, allowPrivate }: { rootFolder: string | undefined; allowPrivate: boolean },
): PhotoReader {
  return createPhotoReader({ allowPrivate, rootFolder, timeoutInMs: settings.timeout, s3 });
}
