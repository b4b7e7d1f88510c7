import type { S3 } from '@aws-sdk/client-s3';
import { listPage, type S3Object } from '../storage/s3/list-page.ts';
import { listPages } from '../storage/s3/list-pages.ts';
import { KeyOrderError } from '../storage/s3/page-stream.ts';
import { formatS3Address, type S3Address } from '../storage/s3/s3-address.ts';
import type { S3Connection } from '../storage/s3/s3-connection.ts';
import { s3Fault } from '../storage/s3/s3-fault.ts';
import { UsageError } from '../util/errors.ts';
import type { IdPattern } from './id-from.ts';
import { isHiddenFolderName, isPhotoFileName, type PathFilter } from './path-filter.ts';
import { problemOfText, readSubjectId } from './read-subject-id.ts';
import type { ListedPhoto, Source } from './source.ts';

export interface S3PrefixSourceOptions {
  /** Its key is the prefix: empty, or with a slash at its end. */
  readonly at: S3Address;
  readonly s3: S3Connection;
  readonly idPattern: IdPattern;
  readonly filter: PathFilter;
}

/**
 * The photos below a prefix, in the order of their keys. Left out as in a folder: hidden names, and objects whose suffix
 * is no image's. Keys that end with a slash are markers of folders, not objects.
 * @throws UsageError if the bucket cannot be listed: that is seen before a run is started
 */
export async function createS3PrefixSource(options: S3PrefixSourceOptions): Promise<Source> {
  const { at, s3, idPattern } = options;
  const address = formatS3Address(at);
  const failing = { address, deed: 'listed', permission: 's3:ListBucket' };
  await checkListing(await s3.client(), at).catch((error) => {
    throw s3Fault(error, failing);
  });
  const base = formatS3Address({ bucket: at.bucket, key: '' });
  let leftOut = 0;
  return {
    address,
    sameSubject: idPattern.hasPhoto ? 'repeat' : 'collision',
    leftOutCount: () => leftOut,
    async *list({ after, signal }) {
      signal.throwIfAborted();
      leftOut = 0;
      const startAfter = after?.photo?.slice(base.length);
      const client = await s3.client();
      const { longestOutageInMs } = s3;
      const pages = listPages(client, { ...at, startAfter, longestOutageInMs, signal });
      try {
        for await (const objects of pages) {
          for (const object of objects) {
            signal.throwIfAborted();
            const path = object.key.slice(at.key.length);
            if (path === '' || path.endsWith('/')) continue;
            if (isPhotoPath(path) && options.filter.acceptsFile(path)) yield listed(object, path, options);
            else leftOut += 1;
          }
        }
      } catch (error) {
        signal.throwIfAborted();
        throw error instanceof KeyOrderError ? outOfOrder(address) : s3Fault(error, failing);
      }
    },
  };
}

async function checkListing(client: S3, { bucket, key }: S3Address): Promise<void> {
  await listPage(client, { bucket, prefix: key, maxKeys: 1 }, new AbortController().signal);
}

/** A listing that is not sorted could not be continued: photos would be left out without notice. */
function outOfOrder(address: string): UsageError {
  return new UsageError(
    's3-order',
    `${address} is not listed in the order of its keys (a directory bucket?): give a manifest of its photos.`,
  );
}

function isPhotoPath(path: string): boolean {
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  return isPhotoFileName(name) && !parts.some(isHiddenFolderName);
}

function listed(
  { key, etag, sizeInBytes }: S3Object,
  path: string,
  { at, idPattern }: S3PrefixSourceOptions,
): ListedPhoto {
  const photo = formatS3Address({ bucket: at.bucket, key });
  const written = idPattern.match(path);
  const object = {
    photo,
    ...(etag !== undefined && { version: etag }),
    ...(sizeInBytes !== undefined && { sizeInBytes }),
  };
  const shown = JSON.stringify(path);
  if (written === undefined)
    return { ...object, problem: `${shown} gives no subject id by --id-from "${idPattern.pattern}"` };
  const problem =
    problemOfText('its subject id', written) ??
    (key.includes('\0') ? 'its key holds a NUL character' : undefined);
  const { warnings, ...id } = readSubjectId(written);
  const odd = warnings.length > 0 ? { warnings } : {};
  return { ...id, ...object, ...odd, ...(problem === undefined ? {} : { problem: `${shown}: ${problem}` }) };
}
