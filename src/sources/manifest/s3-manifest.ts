import { setMaxListeners } from 'node:events';
import type { S3 } from '@aws-sdk/client-s3';
import { readObjectRange } from '../../storage/s3/read-object.ts';
import { formatS3Address, type S3Address } from '../../storage/s3/s3-address.ts';
import type { S3Connection } from '../../storage/s3/s3-connection.ts';
import { retryDuringOutage } from '../../storage/s3/s3-connection.ts';
import { readS3Error } from '../../storage/s3/s3-error.ts';
import { s3Fault } from '../../storage/s3/s3-fault.ts';
import type { ManifestBytes, ManifestPlace } from './manifest-bytes.ts';
import { changedSource, markOf } from './manifest-position.ts';

/** The bytes of an object, all of the version that was opened (`If-Match`). */
export interface S3ObjectBytes extends ManifestBytes {
  /** Just this range, for who reads here and there: nothing is read ahead. */
  fetch(from: number, sizeInBytes: number): Promise<Buffer>;
}

/** A manifest in an object on S3. Read by ranges, each of the same version that was opened. */
export function s3Manifest(at: S3Address, s3: S3Connection): ManifestPlace {
  const address = formatS3Address(at);
  const folder = address.slice(0, address.lastIndexOf('/') + 1);
  return { address, folder, open: (signal) => openS3Object({ at, s3, signal }) };
}

/** @throws UsageError if it is not there or may not be read */
export async function openS3Object(options: {
  at: S3Address;
  s3: S3Connection;
  signal: AbortSignal;
}): Promise<S3ObjectBytes> {
  const { at, s3, signal } = options;
  try {
    return await openObject({ at, client: await s3.client(), signal, outage: s3.longestOutageInMs });
  } catch (error) {
    signal.throwIfAborted();
    throw s3Fault(error, { address: formatS3Address(at), deed: 'read', permission: 's3:GetObject' });
  }
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
}): Promise<S3ObjectBytes> {
  const address = formatS3Address(at);
  const closing = new AbortController();
  const abortSignal = AbortSignal.any([signal, closing.signal]);
  setMaxListeners(0, abortSignal); // one for each range
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
    ...(etag !== undefined && { mark: markOf(etag) }),
    read: reader,
    fetch: fetchRange,
    version: async () => etag,
    close: async () => closing.abort(),
  };
}

const smallestSizeInBytes = 256 * 1024;
const largestSizeInBytes = 4 * 1024 * 1024;
const windowsHeld = 3;

interface Window {
  readonly start: number;
  readonly bytes: Buffer;
}

/**
 * Reads a remote object through a few windows of at most 4 MiB: for a reader that goes forward the next window is
 * fetched already; for one that goes back a little (after a broken record) the last one is still in memory.
 * @param options.fetchRange gives all bytes of a range, fewer only at the end
 * @param options.beginning the first bytes, which are known already
 */
function readAhead({
  fetchRange,
  sizeInBytes: total,
  beginning,
}: {
  fetchRange: (from: number, sizeInBytes: number) => Promise<Buffer>;
  sizeInBytes: number;
  beginning: Buffer;
}): ManifestBytes['read'] {
  let windows: Window[] = [{ start: 0, bytes: beginning }];
  let next: { start: number; fetched: Promise<Buffer> } | undefined;
  let windowSizeInBytes = smallestSizeInBytes;
  const find = (position: number) =>
    windows.find(({ start, bytes }) => position >= start && position < start + bytes.length);
  const fetch = (start: number) => {
    const fetched = fetchRange(start, windowSizeInBytes);
    fetched.catch(() => undefined); // thrown when that range is read
    return { start, fetched };
  };
  return async (position, sizeInBytes) => {
    if (position >= total) return Buffer.alloc(0);
    let window = find(position);
    if (window === undefined) {
      const isNext = next?.start === position;
      const { fetched } = next !== undefined && isNext ? next : fetch(position);
      next = undefined;
      window = { start: position, bytes: await fetched };
      windows = [window, ...windows].slice(0, windowsHeld);
      const end = position + window.bytes.length;
      if (end < total) {
        windowSizeInBytes = Math.min(windowSizeInBytes * 2, largestSizeInBytes);
        next = fetch(end);
      }
    }
    const from = position - window.start;
    return window.bytes.subarray(from, from + sizeInBytes);
  };
}
