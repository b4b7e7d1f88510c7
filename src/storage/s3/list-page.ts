import type { S3 } from '@aws-sdk/client-s3';
import { BrokenPageError, beginsBefore, decodeKey, earlierPage } from './whole-page.ts';

/** An object as a listing shows it. */
export interface S3Object {
  readonly key: string;
  readonly sizeInBytes?: number;
  /** With its quotes, as S3 writes it. */
  readonly etag?: string;
}

export interface S3Page {
  /** In the order of their keys' bytes; 1,000 at most. */
  readonly objects: readonly S3Object[];
  /** Where the next page begins; undefined: this is the last one. */
  readonly next: string | undefined;
}

export interface S3PageRequest {
  readonly bucket: string;
  readonly prefix: string;
  /** Only keys behind this one. */
  readonly startAfter?: string | undefined;
  /** The page before's `next`; `startAfter` is not sent then, but the page must begin behind it all the same. */
  readonly token?: string | undefined;
  readonly maxKeys?: number | undefined;
}

/**
 * One page of ListObjectsV2, whole. Keys are asked for in an encoding: XML could not hold every character that a
 * key may have.
 * @throws the SDK's error; `BrokenPageError` (kind `unavailable`) for an answer that is not the page that was asked for
 */
export async function listPage(client: S3, request: S3PageRequest, signal: AbortSignal): Promise<S3Page> {
  const { bucket, prefix, startAfter, token, maxKeys } = request;
  const page = await client.listObjectsV2(
    {
      Bucket: bucket,
      Prefix: prefix,
      EncodingType: 'url',
      ...(token === undefined ? { StartAfter: startAfter } : { ContinuationToken: token }),
      ...(maxKeys !== undefined && { MaxKeys: maxKeys }),
    },
    { abortSignal: signal },
  );
  const decode = page.EncodingType === 'url' ? decodeKey : (key: string) => key;
  const objects = (page.Contents ?? []).map(({ Key = '', Size, ETag }) => ({
    key: decode(Key),
    ...(Size !== undefined && { sizeInBytes: Size }),
    ...(ETag !== undefined && { etag: ETag }),
  }));
  if (beginsBefore(objects[0]?.key, startAfter)) throw new BrokenPageError(earlierPage);
  return { objects, next: page.IsTruncated ? page.NextContinuationToken : undefined };
}
