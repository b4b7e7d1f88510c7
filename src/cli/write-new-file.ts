import { open, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../util/errors.ts';

/**
 * Writes what a command was asked to put into a file, readable by this user only (0600): reports are about people.
 * @param flag - the option that named the file, for messages
 * @throws UsageError if the file is there already or cannot be written
 */
export async function writeNewFile(
  { file, flag }: { file: string; flag: string },
  content: AsyncIterable<string | Buffer>,
): Promise<void> {
  const target = await open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    const why =
      error.code === 'EEXIST' ? 'exists already; name a new file' : `cannot be written (${error.code})`;
    throw new UsageError('file', `${flag}: ${file} ${why}.`, { cause: error });
  });
  try {
    await pipeline(Readable.from(content), target.createWriteStream());
  } catch (error) {
    // Half a file would be taken for a whole one.
    await rm(file, { force: true });
    throw error;
  }
}
