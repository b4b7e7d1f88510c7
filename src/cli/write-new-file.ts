import { open, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../util/errors.ts';
import { whyUnwritable } from '../util/why-unwritable.ts';

/**
 * Before something is done that cannot be done again to write down what came of it.
 * @throws UsageError as `writeNewFile`
 */
export async function assertNewFile(named: { file: string; flag: string }): Promise<void> {
  await (await openNewFile(named)).close();
  await rm(named.file, { force: true });
}

/**
 * Writes what a command was asked to put into a file, readable by this user only (0600): reports are about people.
 * @param flag - the option that named the file, for messages
 * @throws UsageError if the file is there already or cannot be written
 */
export async function writeNewFile(
  { file, flag }: { file: string; flag: string },
  content: AsyncIterable<string | Buffer>,
): Promise<void> {
  const target = await openNewFile({ file, flag });
  try {
    await pipeline(Readable.from(content), target.createWriteStream());
  } catch (error) {
    // Half a file would be taken for a whole one.
    await rm(file, { force: true });
    throw error;
  }
}

const openNewFile = ({ file, flag }: { file: string; flag: string }) =>
  open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError('file', `${flag}: ${file} ${whyUnwritable(error)}.`, { cause: error });
  });
