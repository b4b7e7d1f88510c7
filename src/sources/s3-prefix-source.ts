import type { S3 } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import { listPage, type S3Object } from '../storage/s3/list-page.ts';
import { listPages } from '../storage/s3/list-pages.ts';
import { KeyOrderError } from '../storage/s3/page-stream.ts';
import { readObjectRange } from '../storage/s3/read-object.ts';
import { formatS3Address, type S3Address } from '../storage/s3/s3-address.ts';
import { retryDuringOutage, type S3Connection } from '../storage/s3/s3-connection.ts';
import { readS3Error } from '../storage/s3/s3-error.ts';
import { s3Fault } from '../storage/s3/s3-fault.ts';
import { UsageError } from '../util/errors.ts';
import type { IdPattern } from './id-from.ts';
import { signatureSizeInBytes } from './image-signature.ts';
import type { LeftOut, LeftOutReason } from './left-out.ts';
import { type ListRules, leftOutFolderOf } from './list-rules.ts';
import { byContent, possibleSubject } from './look-at-content.ts';
import { problemOfText, readSubjectId } from './read-subject-id.ts';
import type { ListedPhoto, ListOptions, Source } from './source.ts';

export interface S3PrefixSourceOptions {
  /** Its key is the prefix: empty, or with a slash at its end. */
  readonly at: S3Address;
  readonly s3: S3Connection;
  readonly idPattern: IdPattern;
  readonly rules: ListRules;
}

/**
 * The photos below a prefix, in the order of their keys. Left out as in a folder, by names and, where those do not tell, by
 * the first bytes. Keys that end with a slash are markers of folders, not objects.
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
  return {
    address,
    sameSubject: idPattern.hasPhoto ? 'repeat' : 'collision',
    idsFromPaths: true,
    leavesOut: true,
    async *list({ after, signal, onLeftOut, onEnd }) {
      signal.throwIfAborted();
      const startAfter = after?.photo?.slice(base.length);
      const client = await s3.client();
      const { longestOutageInMs } = s3;
      const pages = listPages(client, { ...at, startAfter, longestOutageInMs, signal });
      const folders = createFolderCount(onLeftOut);
      const look = (object: S3Object) => beginningOf(client, { at, object, longestOutageInMs, signal });
      try {
        for await (const objects of pages) {
          for await (const listed of listObjects(objects, { ...options, look })) {
            signal.throwIfAborted();
            if ('folder' in listed) {
              await folders.add(listed.folder);
              continue;
            }
            await folders.end();
            if ('leftOut' in listed) await onLeftOut?.(listed.leftOut);
            else yield listed;
          }
        }
      } catch (error) {
        signal.throwIfAborted();
        throw error instanceof KeyOrderError ? outOfOrder(address) : s3Fault(error, failing);
      }
      await folders.end();
      onEnd?.({ gaps: 0 });
    },
  };
}

type LeftOutFolder = NonNullable<ReturnType<typeof leftOutFolderOf>>;
type Seen = ListedPhoto | { readonly leftOut: LeftOut } | { readonly folder: LeftOutFolder };

/** Objects of a folder that is left out follow each other: they are told together. */
function createFolderCount(onLeftOut: ListOptions['onLeftOut']) {
  let open: (LeftOutFolder & { files: number }) | undefined;
  const end = async () => {
    const ended = open;
    open = undefined;
    if (ended !== undefined) await onLeftOut?.(ended);
  };
  return {
    async add(folder: LeftOutFolder) {
      if (open?.path !== folder.path) await end();
      open = { ...folder, files: (open?.files ?? 0) + 1 };
    },
    end,
  };
}

const looksAtOnce = 16;

/** The photos of a page; those whose names do not tell are looked at side by side. */
async function* listObjects(
  objects: readonly S3Object[],
  options: S3PrefixSourceOptions & { look: (object: S3Object) => Promise<Buffer | undefined> },
): AsyncGenerator<Seen> {
  const { at, rules, idPattern, look } = options;
  const atOnce = pLimit(looksAtOnce);
  const seen = objects.map((object) => {
    const path = object.key.slice(at.key.length);
    const folder = leftOutFolderOf(path, rules);
    const verdict = rules.file(path);
    const isUnsure = folder === undefined && (verdict === 'if-image' || verdict === 'odd');
    const looked = isUnsure && !path.endsWith('/') ? atOnce(() => look(object)) : undefined;
    looked?.catch(() => undefined); // thrown where it is taken
    return { object, path, folder, verdict, looked };
  });
  for (const { object, path, folder, verdict, looked } of seen) {
    if (path === '' || path.endsWith('/')) continue;
    if (folder !== undefined) {
      yield { folder };
      continue;
    }
    const photo = listed(object, path, options);
    if (verdict === 'photo') yield photo;
    else if (looked === undefined) {
      const why = verdict as LeftOutReason;
      yield { leftOut: { path, why, ...possibleSubject(path, why, idPattern) } };
    } else {
      const judged = byContent(verdict as 'if-image' | 'odd', await looked, {});
      if ('why' in judged) yield { leftOut: { path, why: judged.why } };
      else if ('problem' in judged) yield { ...photo, problem: `${JSON.stringify(path)} ${judged.problem}` };
      else yield photo;
    }
  }
}

/** Undefined where the object itself cannot be read: who reads it for its photo says why. */
async function beginningOf(
  client: S3,
  options: { at: S3Address; object: S3Object; longestOutageInMs: number; signal: AbortSignal },
): Promise<Buffer | undefined> {
  const { at, object, longestOutageInMs, signal } = options;
  if (object.sizeInBytes === 0) return Buffer.alloc(0);
  const range = {
    at: { bucket: at.bucket, key: object.key },
    from: 0,
    sizeInBytes: signatureSizeInBytes,
    signal,
  };
  try {
    const { bytes } = await retryDuringOutage(() => readObjectRange(client, range), {
      longestOutageInMs,
      signal,
    });
    return bytes;
  } catch (error) {
    signal.throwIfAborted();
    if (readS3Error(error).kind === 'unavailable') throw error;
    return undefined;
  }
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

function listed(
  { key, etag, sizeInBytes }: S3Object,
  path: string,
  { at, idPattern }: S3PrefixSourceOptions,
): ListedPhoto {
  const photo = formatS3Address({ bucket: at.bucket, key });
  const written = idPattern.matchFile(path);
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
