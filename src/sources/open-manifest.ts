import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { UsageError } from '../errors.ts';

/**
 * Opens a manifest to read it.
 * @throws UsageError if it is not there, may not be read, or is no regular file (listing could not be resumed)
 */
export async function openManifest(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => {
      throw new UsageError('source-missing', `${path} cannot be read (${error.code ?? error.message}).`, {
        cause: error,
      });
    },
  );
  const stats = await file.stat();
  if (stats.isFile()) return file;
  await file.close();
  throw new UsageError(
    'source-missing',
    `${path} is not a regular file; to pipe JSONL in, give "-" as the source.`,
  );
}
