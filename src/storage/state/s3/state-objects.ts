import type { S3 } from '@aws-sdk/client-s3';
import { withRetry } from '../../../util/with-retry.ts';
import { formatS3Address } from '../../s3/s3-address.ts';
import { readS3Error } from '../../s3/s3-error.ts';
import { s3Fault } from '../../s3/s3-fault.ts';

export interface StoredObject {
  readonly key: string;
  readonly sizeInBytes: number;
}

/** The few requests that state needs, each of them repeated while the store has a fault. Keys are whole keys. */
export interface StateObjects {
  readonly bucket: string;
  /** Undefined if there is no such object. `range`: fewer bytes come where it ends before. */
  get(key: string, range?: { offset: number; sizeInBytes: number }): Promise<Buffer | undefined>;
  put(key: string, body: Uint8Array): Promise<void>;
  /** False where there is one; a store without conditional writes may overwrite one that appears at this moment. */
  putIfAbsent(key: string, body: Uint8Array): Promise<boolean>;
  /** Objects whose key begins like this, a page of up to 1,000 at a time; `folders` ends each at the next slash. */
  list(
    prefix: string,
    options?: { folders?: boolean },
  ): AsyncIterable<{ objects: StoredObject[]; folders: string[] }>;
  /** Those that are gone already are no error. */
  remove(keys: readonly string[]): Promise<void>;
  startUpload(key: string): Promise<Upload>;
}

/** An upload in parts: the object appears with `complete`. All parts but the last must have 5 MiB at least. */
export interface Upload {
  add(body: Uint8Array): Promise<void>;
  complete(): Promise<void>;
  abort(): Promise<void>;
}

const keysPerRemoval = 1_000;
const removalsAtOnce = 16;
/** Pauses before a body that broke off is read again; the client repeats all else. */
const pausesInMs = [100, 500, 2_000, 5_000];

export function createStateObjects(client: () => Promise<S3>, bucket: string): StateObjects {
  /** Set for a store that cannot remove many at once. */
  let removesOneByOne = false;

  async function told<Result>(
    deed: string,
    permission: string,
    key: string,
    act: (s3: S3) => Promise<Result>,
  ) {
    try {
      return await act(await client());
    } catch (error) {
      throw s3Fault(error, { address: formatS3Address({ bucket, key }), deed, permission });
    }
  }

  async function getOnce(s3: S3, key: string, range?: { offset: number; sizeInBytes: number }) {
    const Range = range && `bytes=${range.offset}-${range.offset + range.sizeInBytes - 1}`;
    try {
      const { Body } = await s3.getObject({ Bucket: bucket, Key: key, ...(Range && { Range }) });
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    } catch (error) {
      const { kind } = readS3Error(error);
      if (kind === 'missing-key') return undefined;
      if (kind === 'range') return Buffer.alloc(0);
      throw error;
    }
  }

  const getWhole = (s3: S3, ...asked: [key: string, range?: { offset: number; sizeInBytes: number }]) =>
    withRetry(() => getOnce(s3, ...asked), {
      pauseInMs: (error, failures) =>
        readS3Error(error).kind === 'unavailable' ? pausesInMs[failures - 1] : undefined,
    });

  async function removeMany(s3: S3, keys: readonly string[]): Promise<readonly string[]> {
    if (removesOneByOne) return keys;
    try {
      const Objects = keys.map((Key) => ({ Key }));
      const { Errors = [] } = await s3.deleteObjects({ Bucket: bucket, Delete: { Objects, Quiet: true } });
      return Errors.map(({ Key }) => Key).filter((key) => key !== undefined);
    } catch (error) {
      const { kind, status } = readS3Error(error);
      if (kind !== 'refused' && status !== 501) throw error;
      removesOneByOne = true;
      return keys;
    }
  }

  return {
    bucket,
    get: (key, range) => told('read', 's3:GetObject', key, (s3) => getWhole(s3, key, range)),
    put: (key, body) =>
      told('written', 's3:PutObject', key, async (s3) => {
        await s3.putObject({ Bucket: bucket, Key: key, Body: body, ContentLength: body.length });
      }),
    putIfAbsent: (key, body) =>
      told('written', 's3:PutObject', key, async (s3) => {
        const object = { Bucket: bucket, Key: key, Body: body, ContentLength: body.length };
        if ((await getWhole(s3, key)) !== undefined) return false;
        const putFirst = () => s3.putObject({ ...object, IfNoneMatch: '*' });
        try {
          // 409: another process is at it just now.
          await withRetry(putFirst, {
            pauseInMs: (error, failures) =>
              readS3Error(error).status === 409 ? pausesInMs[failures - 1] : undefined,
          });
        } catch (error) {
          const { status } = readS3Error(error);
          // What is there may be what the first try stored, if the client has repeated it for want of a reply.
          if (status === 412) return (await getWhole(s3, key))?.equals(body) ?? false;
          // The store knows no conditions.
          if (status !== 400 && status !== 501) throw error;
          await s3.putObject(object);
        }
        return true;
      }),
    async *list(prefix, { folders = false } = {}) {
      const asked = { Bucket: bucket, Prefix: prefix, ...(folders && { Delimiter: '/' }) };
      for (let token: string | undefined, more = true; more; ) {
        const page = await told('listed', 's3:ListBucket', prefix, (s3) =>
          s3.listObjectsV2({ ...asked, ...(token !== undefined && { ContinuationToken: token }) }),
        );
        yield {
          objects: (page.Contents ?? []).map(({ Key = '', Size = 0 }) => ({ key: Key, sizeInBytes: Size })),
          folders: (page.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix),
        };
        token = page.NextContinuationToken;
        more = page.IsTruncated === true && token !== undefined;
      }
    },
    async remove(keys) {
      for (let first = 0; first < keys.length; first += keysPerRemoval) {
        const some = keys.slice(first, first + keysPerRemoval);
        await told('removed', 's3:DeleteObject', some[0] ?? '', async (s3) => {
          const left = some.length === 1 ? some : await removeMany(s3, some);
          for (let next = 0; next < left.length; next += removalsAtOnce) {
            const batch = left.slice(next, next + removalsAtOnce);
            await Promise.all(batch.map((Key) => s3.deleteObject({ Bucket: bucket, Key })));
          }
        });
      }
    },
    startUpload: (key) =>
      told('written', 's3:PutObject', key, async (s3) => {
        const place = { Bucket: bucket, Key: key };
        const { UploadId } = await s3.createMultipartUpload(place);
        const parts: { PartNumber: number; ETag: string | undefined }[] = [];
        let sizeInBytes = 0;
        const upload = { ...place, UploadId };
        return {
          add: (body) =>
            told('written', 's3:PutObject', key, async () => {
              const PartNumber = parts.length + 1;
              const { ETag } = await s3.uploadPart({
                ...upload,
                PartNumber,
                Body: body,
                ContentLength: body.length,
              });
              parts.push({ PartNumber, ETag });
              sizeInBytes += body.length;
            }),
          complete: () =>
            told('written', 's3:PutObject', key, async () => {
              try {
                await s3.completeMultipartUpload({ ...upload, MultipartUpload: { Parts: parts } });
              } catch (error) {
                // The answer to an earlier try may have been lost.
                if (readS3Error(error).code !== 'NoSuchUpload') throw error;
                const { ContentLength } = await s3.headObject(place);
                if (ContentLength !== sizeInBytes) throw error;
              }
            }),
          abort: () =>
            told('written', 's3:AbortMultipartUpload', key, async () => {
              await s3.abortMultipartUpload(upload);
            }),
        };
      }),
  };
}
