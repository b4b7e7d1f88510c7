import { setMaxListeners } from 'node:events';
import { type ArchivedAddress, formatArchivedAddress } from '../../sources/archive/archive-address.ts';
import {
  type ArchiveBytes,
  ArchiveChangedError,
  openLocalArchive,
  openS3Archive,
} from '../../sources/archive/archive-bytes.ts';
import type { ArchiveFile } from '../../sources/archive/archive-file.ts';
import { type ArchiveIndex, indexArchive } from '../../sources/archive/archive-index.ts';
import { openArchiveFile } from '../../sources/archive/open-archive-file.ts';
import { isS3Address } from '../../storage/s3/s3-address.ts';
import type { S3Connection } from '../../storage/s3/s3-connection.ts';
import { UsageError } from '../../util/errors.ts';
import { withinTime } from '../../util/time-limit.ts';
import { createDeadline, DeadlineError } from '../deadline.ts';
import type { PhotoBytes, PhotoProblem } from '../photo.ts';
import { openFault, permanent, tooLarge, toPhotoBytes, transient } from '../photo-bytes.ts';
import { explainFault } from './local-photo.ts';
import { placeOf } from './open-file.ts';
import type { RootWatch } from './root-watch.ts';
import { explainS3Photo } from './s3-photo.ts';

export interface ArchivePhotoOptions {
  /** The folder that an archive file may not lie outside of, links resolved; undefined: it may lie anywhere. */
  readonly rootFolderOf: (archive: string) => string | undefined;
  readonly root: RootWatch;
  readonly s3: S3Connection | undefined;
  /** For the read of a photo in an archive file on S3; in a `.tar.gz` each request has its own. */
  readonly timeoutInMs: number;
}

/** Reads photos in archive files, each of which is opened once, and its directory read once. */
export interface ArchivePhotoReader {
  /** @throws the signal's reason when aborted */
  read(
    photo: ArchivedAddress,
    options: { maxSizeInBytes: number; signal: AbortSignal },
  ): Promise<PhotoBytes | PhotoProblem>;
  close(): Promise<void>;
}

interface OpenArchive {
  readonly bytes: ArchiveBytes;
  readonly file: ArchiveFile;
  readonly index: ArchiveIndex;
}

/** A list may name photos in any number of archive files. */
const mostOpen = 8;

export function createArchivePhotoReader(options: ArchivePhotoOptions): ArchivePhotoReader {
  const closing = new AbortController();
  const archives = new Map<string, Promise<OpenArchive>>();

  async function open(photo: ArchivedAddress): Promise<OpenArchive> {
    const bytes = await openBytes(photo.archive, options, closing.signal);
    try {
      const file = await openArchiveFile(photo.kind, bytes, photo.archive);
      return { bytes, file, index: await indexArchive(file, closing.signal) };
    } catch (error) {
      await bytes.close();
      throw error;
    }
  }

  const drop = (archive: string) => {
    const dropped = archives.get(archive);
    archives.delete(archive);
    // Reads of it may be under way: whoever reads a closed file reads again.
    return dropped?.then(closeArchive).catch(() => undefined);
  };

  async function openOnce(photo: ArchivedAddress): Promise<OpenArchive> {
    const { archive } = photo;
    const known = archives.get(archive);
    if (known && (await (await known).bytes.isCurrent())) return known;
    if (known && archives.get(archive) === known) void drop(archive);
    const again = archives.get(archive);
    if (again) return again;
    const made = open(photo);
    archives.set(archive, made);
    made.catch(() => archives.get(archive) === made && archives.delete(archive));
    const [oldest] = archives.keys();
    if (archives.size > mostOpen && oldest !== undefined) void drop(oldest);
    return made;
  }

  async function readOnce(
    photo: ArchivedAddress,
    { maxSizeInBytes, signal }: { maxSizeInBytes: number; signal: AbortSignal },
  ): Promise<PhotoBytes | PhotoProblem> {
    const archive = await openOnce(photo);
    return readEntry(archive, { photo, maxSizeInBytes, signal });
  }

  return {
    async read(photo, { maxSizeInBytes, signal }) {
      setMaxListeners(0, signal); // one for each photo that is waited for
      const { timeoutInMs } = options;
      let until = signal;
      let deadline: ReturnType<typeof createDeadline> | undefined;
      try {
        // No photo's time limit fits what is read of all of a tar file before the first one.
        if (photo.kind !== 'zip') await withinTime(openOnce(photo), { signal });
        if (isS3Address(photo.archive) && photo.kind !== 'tar.gz') {
          deadline = createDeadline(signal, timeoutInMs);
          until = deadline.signal;
        }
        return await withinTime(readOnce(photo, { maxSizeInBytes, signal: until }), { signal: until });
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof ArchiveChangedError) void drop(photo.archive);
        if (until.reason instanceof DeadlineError)
          return openFault(transient(`${shownOf(photo)} did not arrive within ${timeoutInMs / 1000} s`));
        return explain(error, photo, options);
      } finally {
        deadline?.clear();
      }
    },
    async close() {
      closing.abort();
      await Promise.all([...archives.keys()].map(drop));
    },
  };
}

async function closeArchive({ file, bytes }: OpenArchive): Promise<void> {
  await file.close?.();
  await bytes.close();
}

async function openBytes(
  archive: string,
  { rootFolderOf, root, s3 }: ArchivePhotoOptions,
  signal: AbortSignal,
): Promise<ArchiveBytes> {
  if (isS3Address(archive)) {
    if (s3 === undefined) throw new Error('an archive file on S3 needs a connection');
    return openS3Archive(archive, { s3, signal });
  }
  const bytes = await openLocalArchive(archive);
  const rootFolder = rootFolderOf(archive);
  if (rootFolder === undefined || (await root.holds(rootFolder, await placeOf(bytes.file.fd, archive)))) {
    if (rootFolder !== undefined) await root.noteRead(rootFolder);
    return bytes;
  }
  await bytes.close();
  throw new UsageError(
    'outside',
    `the archive file leads out of the folder ${rootFolder}; --allow-outside permits that`,
  );
}

async function readEntry(
  { bytes, file, index }: OpenArchive,
  { photo, maxSizeInBytes, signal }: { photo: ArchivedAddress; maxSizeInBytes: number; signal: AbortSignal },
): Promise<PhotoBytes | PhotoProblem> {
  const found = index.find(photo.path);
  const entry = found && (await file.entryAt(found.position, signal));
  if (entry === undefined || entry.path !== photo.path)
    return permanent(`${shownOf(photo)} is not in the archive file`);
  const problem = entry.problem ?? found?.flaw;
  if (problem !== undefined) return permanent(`${shownOf(photo)} ${problem}`);
  if (entry.sizeInBytes > maxSizeInBytes) return tooLarge(maxSizeInBytes);
  const read = await file.read(entry, signal);
  if (!(await bytes.isCurrent())) throw new ArchiveChangedError();
  if ('problem' in read) return permanent(`${shownOf(photo)} ${read.problem}`);
  return toPhotoBytes(read, entry.version);
}

const shownOf = ({ archive, path }: ArchivedAddress) =>
  `photo ${JSON.stringify(formatArchivedAddress(archive, path))}`;

async function explain(
  error: unknown,
  photo: ArchivedAddress,
  { rootFolderOf, root }: ArchivePhotoOptions,
): Promise<PhotoProblem> {
  const shown = shownOf(photo);
  if (error instanceof ArchiveChangedError)
    return transient(`${shown} cannot be read: its archive file was changed while it was read`);
  // What is wrong with the archive file keeps all its photos from being read.
  if (error instanceof UsageError) return openFault(permanent(`${shown} cannot be read: ${error.message}`));
  if (isS3Address(photo.archive)) return explainS3Photo(error, shown);
  const fault = await explainFault(error, {
    path: photo.archive,
    rootFolder: rootFolderOf(photo.archive),
    root,
  });
  return fault.fault === undefined ? openFault(fault) : fault;
}
