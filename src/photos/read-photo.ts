import { isAbsolute } from 'node:path';
import { parseArchivedAddress } from '../sources/archive/archive-address.ts';
import { isInside } from '../sources/photo-address.ts';
import { isS3Address } from '../storage/s3/s3-address.ts';
import type { S3Connection } from '../storage/s3/s3-connection.ts';
import { redactAddress } from '../util/redact-address.ts';
import type { PhotoBytes, PhotoProblem } from './photo.ts';
import { permanent } from './photo-bytes.ts';
import { type AllowedPlaces, isAllowedPhoto } from './places/allowed-places.ts';
import { type ArchivePhotoReader, createArchivePhotoReader } from './places/archive-photo.ts';
import type { HttpsOptions } from './places/https-dispatchers.ts';
import { createHttpsPhotoReader, type HttpsPhotoReader } from './places/https-photo.ts';
import { readLocalPhoto } from './places/local-photo.ts';
import { createRootWatch } from './places/root-watch.ts';
import { readS3Photo } from './places/s3-photo.ts';

export interface PhotoReaderOptions extends HttpsOptions {
  /** The source's `rootFolder`: local photos may not leave it, links resolved. Undefined: they may lie anywhere. */
  readonly rootFolder?: string | undefined;
  /** Whether `rootFolder` guards only the photos that are named inside it. Default: no other may be read. */
  readonly absoluteAnywhere?: boolean | undefined;
  /** Absent: wherever else is allowed. */
  readonly allowedPlaces?: AllowedPlaces | undefined;
  /** Larger photos are a problem; default 64 MiB. */
  readonly maxSizeInBytes?: number | undefined;
  /** For photos on S3, which are a problem without it. */
  readonly s3?: S3Connection | undefined;
}

/**
 * The room `photos`: the bytes of a photo, from reading to what is sent. Its way: this reader reads, `inspect-photo.ts`
 * reads the header, `prepare-photo.ts` converts what the engine does not take.
 *
 * Reads the bytes of photos: from files, archive files, over https, from S3.
 */
export interface PhotoReader {
  /**
   * A photo over the limit, by default the largest of all, is a problem that says so.
   * @throws the signal's reason when aborted; all else that goes wrong is a problem
   */
  read(address: string, signal: AbortSignal, limitInBytes?: number): Promise<PhotoBytes | PhotoProblem>;
  close(): Promise<void>;
}

/** The largest photo that is read, unless the reader has another limit. */
export const largestSizeInBytes = 64 * 1024 * 1024;

/** Reads absolute paths, `https://…` and `s3://…`; `timeoutInMs` covers the whole read of a photo over the network. */
export function createPhotoReader(options: PhotoReaderOptions): PhotoReader {
  const { timeoutInMs, s3, allowedPlaces } = options;
  const ownLimitInBytes = options.maxSizeInBytes ?? largestSizeInBytes;
  const root = createRootWatch();
  let https: HttpsPhotoReader | undefined;
  const rootFolderOf = (path: string) => {
    const { rootFolder, absoluteAnywhere } = options;
    if (rootFolder === undefined || !absoluteAnywhere) return rootFolder;
    return isInside(rootFolder, path) ? rootFolder : undefined;
  };
  let archives: ArchivePhotoReader | undefined;
  return {
    async read(address, signal, limitInBytes = ownLimitInBytes) {
      signal.throwIfAborted();
      const maxSizeInBytes = Math.min(limitInBytes, ownLimitInBytes);
      const archived = parseArchivedAddress(address);
      if (allowedPlaces && !(await isAllowedPhoto(archived?.archive ?? address, allowedPlaces)))
        return permanent(`photo ${shownOf(address)} lies where a client of the API may name none`);
      if (/^https:\/\//iu.test(address)) {
        https ??= createHttpsPhotoReader({ ...options, maxSizeInBytes: ownLimitInBytes });
        return https.read(address, signal, maxSizeInBytes);
      }
      if (archived !== undefined) {
        archives ??= createArchivePhotoReader({ rootFolderOf, root, s3, timeoutInMs });
        return archives.read(archived, { maxSizeInBytes, signal });
      }
      if (isAbsolute(address))
        return readLocalPhoto({
          path: address,
          rootFolder: rootFolderOf(address),
          allowedFolders: allowedPlaces?.folders,
          root,
          maxSizeInBytes,
          signal,
        });
      if (s3 !== undefined && isS3Address(address))
        return readS3Photo({ address, s3, maxSizeInBytes, timeoutInMs, signal });
      return permanent(`photo ${shownOf(address)} is neither a path nor an https:// or s3:// address`);
    },
    async close() {
      await https?.close();
      await archives?.close();
    },
  };
}

const shownOf = (address: string) => JSON.stringify(redactAddress(address).address.slice(0, 300));
