import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { readObjectRange } from '../../storage/s3/read-object.ts';
import { parseS3Address } from '../../storage/s3/s3-address.ts';
import { retryDuringOutage, type S3Connection } from '../../storage/s3/s3-connection.ts';
import { readS3Error } from '../../storage/s3/s3-error.ts';
import { fileVersion } from '../../util/file-version.ts';

/** An open archive file, read at any place. */
export interface ArchiveBytes {
  readonly sizeInBytes: number;
  /** Changes with the content, as far as can be seen: size and time of a file, ETag of an object. */
  readonly version: string;
  /** So much is best read at once where small pieces lie near each other. */
  readonly windowInBytes: number;
  /** Each read is a request: where much of it is read, it is better read in large pieces than passed over in small ones. */
  readonly isRemote?: true;
  /**
   * All bytes of a range; fewer only at the end.
   * @throws ArchiveChangedError if it is another file by now
   */
  read(position: number, sizeInBytes: number, signal?: AbortSignal): Promise<Buffer>;
  /** Whether what lies under its address now is this. */
  isCurrent(): Promise<boolean>;
  close(): Promise<void>;
}

/** The archive file is not the one any more that was opened. */
export class ArchiveChangedError extends Error {}

/** @throws the system's error, also for what is no regular file: a pipe is not waited for */
export async function openLocalArchive(path: string): Promise<ArchiveBytes & { readonly file: FileHandle }> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile())
      throw Object.assign(new Error(`${path} is not a regular file`), { code: 'not a file' });
    const version = fileVersion(stats);
    return {
      file,
      sizeInBytes: stats.size,
      version,
      windowInBytes: 64 * 1024,
      read: (position, sizeInBytes) => readAll(file, position, sizeInBytes),
      async isCurrent() {
        const now = await stat(path).catch(() => undefined);
        return (
          now !== undefined && now.ino === stats.ino && now.dev === stats.dev && fileVersion(now) === version
        );
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readAll(file: FileHandle, position: number, sizeInBytes: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(sizeInBytes);
  for (let held = 0; held < sizeInBytes; ) {
    const { bytesRead } = await file.read(bytes, held, sizeInBytes - held, position + held);
    if (bytesRead === 0) return bytes.subarray(0, held);
    held += bytesRead;
  }
  return bytes;
}

/** An object, each range of the same version that was opened. @throws the SDK's error */
export async function openS3Archive(
  address: string,
  { s3, signal }: { s3: S3Connection; signal: AbortSignal },
): Promise<ArchiveBytes> {
  const at = parseS3Address(address);
  const look = async (until: AbortSignal) =>
    readObjectRange(await s3.client(), { at, from: 0, sizeInBytes: 1, signal: until });
  const { etag, objectSizeInBytes } = await look(signal);
  return {
    sizeInBytes: objectSizeInBytes,
    version: etag ?? `${objectSizeInBytes}`,
    windowInBytes: 1024 * 1024,
    isRemote: true,
    async read(position, sizeInBytes, until = signal) {
      const size = Math.min(sizeInBytes, objectSizeInBytes - position);
      if (size <= 0) return Buffer.alloc(0);
      try {
        const range = { at, from: position, sizeInBytes: size, etag, signal: until };
        const client = await s3.client();
        const outage = { longestOutageInMs: s3.longestOutageInMs, signal: until };
        return (await retryDuringOutage(() => readObjectRange(client, range), outage)).bytes;
      } catch (error) {
        const { kind } = readS3Error(error);
        if (kind === 'changed' || kind === 'range') throw new ArchiveChangedError();
        throw error;
      }
    },
    // Each of its ranges is of this version or fails.
    isCurrent: async () => true,
    close: async () => {},
  };
}

/** Reads small pieces that lie near each other with one request. */
export function createWindow(
  { read, ...bytes }: Pick<ArchiveBytes, 'read' | 'windowInBytes'>,
  sizeInBytes = bytes.windowInBytes,
): ArchiveBytes['read'] {
  let start = 0;
  let held: Buffer = Buffer.alloc(0);
  return async (position, size, signal) => {
    if (position < start || position + size > start + held.length) {
      const bytes = await read(position, Math.max(size, sizeInBytes), signal);
      [start, held] = [position, bytes];
    }
    return held.subarray(position - start, position - start + size);
  };
}
