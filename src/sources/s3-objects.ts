import { setMaxListeners } from 'node:events';
import type { S3 } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import type { S3Object } from '../storage/s3/list-page.ts';
import { readObjectRange } from '../storage/s3/read-object.ts';
import { formatS3Address, type S3Address } from '../storage/s3/s3-address.ts';
import { retryDuringOutage, type S3Connection } from '../storage/s3/s3-connection.ts';
import { readS3Error } from '../storage/s3/s3-error.ts';
import { looksArchived, whyLooksArchived } from './archive/archive-address.ts';
import { createFolderCount, type LeftOutFolder } from './folder-count.ts';
import type { IdPattern } from './id-from.ts';
import { signatureSizeInBytes } from './image-signature.ts';
import type { LeftOut, LeftOutReason } from './left-out.ts';
import { type ListRules, leftOutFolderOf } from './list-rules.ts';
import { listedFile } from './listed-file.ts';
import { byContent, possibleSubject } from './look-at-content.ts';
import type { ListedPhoto, ListOptions } from './source.ts';

/** How the objects of a bucket become photos. */
export interface ObjectRules {
  /** Its key is the prefix behind which paths begin. */
  readonly at: S3Address;
  readonly s3: S3Connection;
  readonly idPattern: IdPattern;
  readonly rules: ListRules;
}

/** An object; or a line that is listed as it is, since no object can be told from it. */
export type ObjectRow =
  | (S3Object & Pick<ListedPhoto, 'cursor'>)
  | (ListedPhoto & { readonly problem: string });

type Seen = ListedPhoto | { readonly leftOut: LeftOut } | { readonly folder: LeftOutFolder };

/**
 * The photos among objects, in their order. Left out as in a folder, by names and, where those do not tell, by the first
 * bytes. Keys that end with a slash are markers of folders, not objects.
 * @throws the SDK's error where a first look is not possible now
 */
export async function* photosAmong(
  batches: AsyncIterable<readonly ObjectRow[]>,
  options: ObjectRules & Pick<ListOptions, 'signal' | 'onLeftOut'>,
): AsyncGenerator<ListedPhoto> {
  const { s3, signal, onLeftOut } = options;
  setMaxListeners(0, signal); // one for each look
  const client = await s3.client();
  const folders = createFolderCount(onLeftOut);
  const look = (object: S3Object) => beginningOf(client, { ...options, object });
  for await (const rows of batches) {
    for await (const listed of listObjects(rows, { ...options, look })) {
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
  await folders.end();
}

const looksAtOnce = 16;

/** The photos of a batch; those whose names do not tell are looked at side by side. */
async function* listObjects(
  rows: readonly ObjectRow[],
  options: ObjectRules & { look: (object: S3Object) => Promise<Buffer | undefined> },
): AsyncGenerator<Seen> {
  const { at, rules, idPattern, look } = options;
  const atOnce = pLimit(looksAtOnce);
  const seen = rows.map((row) => {
    if ('problem' in row) return row;
    const path = row.key.slice(at.key.length);
    const folder = leftOutFolderOf(path, rules);
    const verdict = rules.file(path);
    const isUnsure = folder === undefined && (verdict === 'if-image' || verdict === 'odd');
    const looked = isUnsure && !path.endsWith('/') ? atOnce(() => look(row)) : undefined;
    looked?.catch(() => undefined); // thrown where it is taken
    return { object: row, path, folder, verdict, looked };
  });
  for (const each of seen) {
    if ('problem' in each) {
      yield each;
      continue;
    }
    const { object, path, folder, verdict, looked } = each;
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
  { at, s3, object, signal }: Pick<ObjectRules, 'at' | 's3'> & { object: S3Object; signal: AbortSignal },
): Promise<Buffer | undefined> {
  if (object.sizeInBytes === 0) return Buffer.alloc(0);
  const range = {
    at: { bucket: at.bucket, key: object.key },
    from: 0,
    sizeInBytes: signatureSizeInBytes,
    signal,
  };
  try {
    const { bytes } = await retryDuringOutage(() => readObjectRange(client, range), {
      longestOutageInMs: s3.longestOutageInMs,
      signal,
    });
    return bytes;
  } catch (error) {
    signal.throwIfAborted();
    if (readS3Error(error).kind === 'unavailable') throw error;
    return undefined;
  }
}

function listed(
  { key, etag, sizeInBytes, cursor }: Exclude<ObjectRow, { problem: string }>,
  path: string,
  { at, idPattern }: ObjectRules,
): ListedPhoto {
  const photo = formatS3Address({ bucket: at.bucket, key });
  const object = {
    photo,
    ...(etag !== undefined && { version: etag }),
    ...(sizeInBytes !== undefined && { sizeInBytes }),
    ...(cursor !== undefined && { cursor }),
  };
  const problem = looksArchived(key)
    ? ` ${whyLooksArchived}`
    : key.includes('\0')
      ? ': its key holds a NUL character'
      : undefined;
  if (problem !== undefined) return { ...object, problem: `${JSON.stringify(path)}${problem}` };
  return listedFile(path, { idPattern, about: object });
}
