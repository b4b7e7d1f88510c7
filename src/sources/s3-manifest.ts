import { createHash } from 'node:crypto';
import type { S3 } from '@aws-sdk/client-s3';
import { readObjectRange } from '../storage/s3/read-object.ts';
import { retryDuringOutage } from '../storage/s3/retry-during-outage.ts';
import { formatS3Address, type S3Address } from '../storage/s3/s3-address.ts';
import type { S3Connection } from '../storage/s3/s3-connection.ts';
import { readS3Error } from '../storage/s3/s3-error.ts';
import { s3Fault } from '../storage/s3/s3-fault.ts';
import type { ManifestBytes, ManifestPlace } from './manifest-bytes.ts';
import { changedSource } from './place.ts';
import { readAhead } from './read-ahead.ts';

/** A manifest in an object on S3. Read by ranges, each of the very object that was opened (`If-Match`). */
export function s3Manifest(at: S3Address, s3: S3Connection): ManifestPlace {
  const address = formatS3Address(at);
  const folder = address.slice(0, address.lastIndexOf('/') + 1);
  const told = { address, deed: 'read', permission: 's3:GetObject' };
  return {
    address,
    folder,
    async open(signal) {
      try {
        return await openObject({ at, client: await s3.client(), signal, outage: s3.longestOutageInMs });
      } catch (error) {
        signal.throwIfAborted();
        throw s3Fault(error, told);
      }
    },
  };
}

const firstSizeInBytes = 128 * 1024;

async function openObject({
  at,
  client,
  signal,
  outage,
}: {
  at: S3Address;
  client: S3;
  signal: AbortSignal;
  outage: number;
}): Promise<ManifestBytes> {
  const address = formatS3Address(at);
  const closing = new AbortController();
  const abortSignal = AbortSignal.any([signal, closing.signal]);
  const first = await readObjectRange(client, {
    at,
    from: 0,
    sizeInBytes: firstSizeInBytes,
    signal: abortSignal,
  });
  const { etag, objectSizeInBytes } = first;
  const fetchRange = async (from: number, sizeInBytes: number) => {
    try {
      const range = { at, from, sizeInBytes, etag, signal: abortSignal };
      const { bytes } = await retryDuringOutage(() => readObjectRange(client, range), {
        longestOutageInMs: outage,
        signal: abortSignal,
      });
      return bytes;
    } catch (error) {
      signal.throwIfAborted();
      const { kind } = readS3Error(error);
      if (kind === 'changed' || kind === 'range') throw changedSource(address);
      throw s3Fault(error, { address, deed: 'read', permission: 's3:GetObject' });
    }
  };
  const reader = readAhead({ fetchRange, sizeInBytes: objectSizeInBytes, beginning: first.bytes });
  return {
    sizeInBytes: objectSizeInBytes,
    ...(etag !== undefined && { mark: createHash('sha256').update(etag).digest('hex').slice(0, 8) }),
    read: reader,
    close: async () => closing.abort(),
  };
}
