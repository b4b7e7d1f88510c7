import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from '../../util/errors.ts';
import { fileVersion } from '../../util/file-version.ts';
import { whyUnreadable } from '../../util/why-unreadable.ts';
import type { ManifestBytes, ManifestPlace } from './manifest-bytes.ts';

/** A manifest in a file. @param path absolute */
export function localManifest(path: string): ManifestPlace {
  return { address: path, folder: dirname(path), open: () => openLocalManifest(path) };
}

/**
 * Opens a file to read it.
 * @throws UsageError if it is not there, may not be read, or is not a regular file (listing could not be resumed)
 */
export async function openLocalManifest(path: string): Promise<ManifestBytes> {
  const file = await openFile(path);
  const stats = await file.stat();
  if (stats.isFile()) {
    return {
      sizeInBytes: stats.size,
      read: readerOf(file),
      version: async () => fileVersion(await file.stat()),
      close: () => file.close(),
    };
  }
  await file.close();
  const why = stats.isDirectory()
    ? 'a folder: name a file'
    : 'not a regular file (a pipe, socket or device): name a file; a run takes JSONL that is piped in as its source "-"';
  throw new UsageError('source-missing', `${path} is ${why}.`);
}

async function openFile(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError('source-missing', `${path} ${whyUnreadable(error)}.`, { cause: error });
  });
}

function readerOf(file: FileHandle): ManifestBytes['read'] {
  return async (position, sizeInBytes) => {
    const chunk = Buffer.allocUnsafe(sizeInBytes);
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    return chunk.subarray(0, bytesRead);
  };
}
