import type { GetObjectCommandOutput, S3 } from '@aws-sdk/client-s3';
import type { S3Address } from './s3-address.ts';
import { readS3Error } from './s3-error.ts';

export interface ObjectRange {
  readonly at: S3Address;
  readonly from: number;
  /** At most so many bytes. */
  readonly sizeInBytes: number;
  /** The object must still be this one. */
  readonly etag?: string | undefined;
  readonly signal: AbortSignal;
}

export interface ObjectBytes {
  readonly bytes: Buffer;
  readonly etag: string | undefined;
  /** Of the whole object. */
  readonly objectSizeInBytes: number;
}

/** A body that breaks off is continued so many times, if each brings something. */
const maxContinuations = 8;

/**
 * Reads a range of an object. A body that breaks off in the middle is continued where it broke off, of the same object.
 * @throws the SDK's error; code `PreconditionFailed` where the object is another one by now
 */
export async function readObjectRange(client: S3, range: ObjectRange): Promise<ObjectBytes> {
  const { at, from, sizeInBytes, signal } = range;
  const parts: Buffer[] = [];
  let { etag } = range;
  let held = 0;
  for (let breaks = 0; ; ) {
    const reply = await getRange(client, {
      at,
      from: from + held,
      sizeInBytes: sizeInBytes - held,
      etag,
      signal,
    });
    if (reply === undefined) return { bytes: Buffer.alloc(0), etag: undefined, objectSizeInBytes: 0 };
    if (etag !== undefined && reply.ETag !== etag) throw anotherObject(reply.ETag);
    etag = reply.ETag;
    const { start, objectSizeInBytes } = placeOf(reply);
    let toDrop = from + held - start;
    if (toDrop < 0) throw brokenOff('the answer begins behind the place that was asked for');
    const wanted = Math.min(from + sizeInBytes, objectSizeInBytes) - from;
    try {
      for await (const chunk of reply.Body as AsyncIterable<Buffer>) {
        const fresh = chunk.subarray(toDrop);
        toDrop -= chunk.length - fresh.length;
        parts.push(fresh);
        held += fresh.length;
      }
      if (held >= wanted) return { bytes: Buffer.concat(parts).subarray(0, wanted), etag, objectSizeInBytes };
      throw brokenOff('the body ended early');
    } catch (error) {
      signal.throwIfAborted();
      breaks += 1;
      if (breaks > maxContinuations) throw error;
    }
  }
}

/** Undefined for an object without a byte, of which there is no range. */
async function getRange(client: S3, range: ObjectRange): Promise<GetObjectCommandOutput | undefined> {
  const { at, from, sizeInBytes, etag, signal } = range;
  try {
    return await client.getObject(
      {
        Bucket: at.bucket,
        Key: at.key,
        Range: `bytes=${from}-${from + sizeInBytes - 1}`,
        ...(etag !== undefined && { IfMatch: etag }),
      },
      { abortSignal: signal },
    );
  } catch (error) {
    if (from === 0 && etag === undefined && readS3Error(error).kind === 'range') return undefined;
    throw error;
  }
}

/** Which part of the object a reply holds. A store that knows no ranges sends the whole object. */
function placeOf({ ContentRange, ContentLength = 0 }: GetObjectCommandOutput) {
  const [, start, size] = /^bytes (\d+)-\d+\/(\d+)$/u.exec(ContentRange ?? '') ?? [];
  return size === undefined
    ? { start: 0, objectSizeInBytes: ContentLength }
    : { start: Number(start), objectSizeInBytes: Number(size) };
}

/** May pass. */
const brokenOff = (message: string) => Object.assign(new Error(message), { code: 'ECONNRESET' });

/** From a store that does not heed `If-Match`; or, without an ETag, from something that is no store. */
function anotherObject(etag: string | undefined): Error {
  if (etag === undefined) return brokenOff('the answer is no object');
  return Object.assign(new Error('the object was changed'), { name: 'PreconditionFailed' });
}
