import { isAbsolute } from 'node:path';
import { redactAddress } from '../sources/redact-address.ts';
import type { HttpsOptions } from './https-dispatchers.ts';
import { createHttpsPhotoReader, type HttpsPhotoReader } from './https-photo.ts';
import { readLocalPhoto } from './local-photo.ts';
import type { PhotoBytes, PhotoProblem } from './photo.ts';
import { lasting } from './photo-bytes.ts';

export interface PhotoReaderOptions extends HttpsOptions {
  /** The source's `rootFolder`: local photos may not leave it, links resolved. Undefined: they may lie anywhere. */
  readonly rootFolder?: string | undefined;
  /** Larger photos are a problem; default 64 MiB. */
  readonly maxSizeInBytes?: number | undefined;
}

/** Gets the bytes of photos, wherever they lie. */
export interface PhotoReader {
  /** @throws the signal's reason when aborted; all else that goes wrong is a problem */
  read(address: string, signal: AbortSignal): Promise<PhotoBytes | PhotoProblem>;
  close(): Promise<void>;
}

const defaultMaxSizeInBytes = 64 * 1024 * 1024;

/** Reads absolute paths and `https://…`; `timeoutInMs` is for one photo over https as a whole. */
export function createPhotoReader(options: PhotoReaderOptions): PhotoReader {
  const { rootFolder, maxSizeInBytes = defaultMaxSizeInBytes } = options;
  let https: HttpsPhotoReader | undefined;
  return {
    async read(address, signal) {
      signal.throwIfAborted();
      if (/^https:\/\//iu.test(address)) {
        https ??= createHttpsPhotoReader({ ...options, maxSizeInBytes });
        return https.read(address, signal);
      }
      if (isAbsolute(address)) return readLocalPhoto({ path: address, rootFolder, maxSizeInBytes, signal });
      const shown = JSON.stringify(redactAddress(address).address.slice(0, 300));
      if (/^s3:/iu.test(address))
        return lasting(`photo ${shown}: S3 photos are not supported by this version`);
      return lasting(`photo ${shown} is neither a path nor an https:// address`);
    },
    async close() {
      await https?.close();
    },
  };
}
