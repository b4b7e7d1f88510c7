import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, opendir, realpath, stat } from 'node:fs/promises';
import { isInside } from '../sources/photo-address.ts';
import { fileVersion } from '../util/file-version.ts';
import { findByOtherName } from './other-name.ts';
import type { PhotoBytes, PhotoProblem } from './photo.ts';
import { openFault, permanent, sourceFault, tooLarge, toPhotoBytes, transient } from './photo-bytes.ts';

export interface LocalPhotoOptions {
  readonly path: string;
  /** The folder that the photo may not leave, links resolved; undefined: it may lie anywhere. */
  readonly rootFolder: string | undefined;
  readonly root: RootWatch;
  readonly maxSizeInBytes: number;
  readonly signal: AbortSignal;
}

/** Transient faults of the disk or the system; all others are permanent. */
const transientCodes = new Set(
  'EIO EAGAIN EBUSY EINTR EMFILE ENFILE ENOMEM ESTALE ETIMEDOUT ENOTCONN EHOSTDOWN'.split(' '),
);

const deniedCodes = new Set(['EACCES', 'EPERM']);

/** Reads a file once. A pipe or device is refused without blocking on it; a change while it is read is noticed. */
export async function readLocalPhoto(options: LocalPhotoOptions): Promise<PhotoBytes | PhotoProblem> {
  const { path, rootFolder, signal } = options;
  try {
    const { real, isRenamed } = await realPathOf(options);
    if (rootFolder !== undefined && !isInside(await realpath(rootFolder), real)) {
      return permanent(
        `photo ${quote(path)} leads out of the folder ${rootFolder}; --allow-outside permits that`,
      );
    }
    const file = await open(real, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      const photo = await readOpened(file, options);
      if (rootFolder !== undefined) await options.root.noteRead(rootFolder);
      return isRenamed && 'bytes' in photo ? { ...photo, warnings: ['photo-name-differs'] } : photo;
    } finally {
      await file.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    return explain(error, options);
  }
}

async function realPathOf({ path, rootFolder }: LocalPhotoOptions) {
  try {
    return { real: await realpath(path), isRenamed: false };
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code !== 'ENOENT';
    const real = isThere ? undefined : await findByOtherName(path, rootFolder);
    if (real === undefined) throw error;
    return { real, isRenamed: true };
  }
}

async function readOpened(file: FileHandle, options: LocalPhotoOptions): Promise<PhotoBytes | PhotoProblem> {
  const stats = await file.stat();
  if (!stats.isFile()) return permanent(`photo ${quote(options.path)} is not a regular file`);
  if (stats.size > options.maxSizeInBytes) return tooLarge(options.maxSizeInBytes);
  const bytes = await readBytes(file, stats.size, options.signal);
  const isChanged = bytes === undefined || !isSame(stats, await file.stat());
  if (isChanged) return transient(`photo ${quote(options.path)} was changed while it was read`);
  return toPhotoBytes(bytes, fileVersion(stats));
}

/** Undefined if the file is shorter by now. */
async function readBytes(file: FileHandle, size: number, signal: AbortSignal): Promise<Buffer | undefined> {
  const bytes = Buffer.allocUnsafe(size);
  for (let position = 0; position < size; ) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(
      bytes,
      position,
      Math.min(size - position, 4 * 1024 * 1024),
      position,
    );
    if (bytesRead === 0) return undefined;
    position += bytesRead;
  }
  return bytes;
}

function isSame(before: Stats, after: Stats): boolean {
  return before.size === after.size && before.mtimeMs === after.mtimeMs;
}

async function explain(error: unknown, { path, rootFolder, root }: LocalPhotoOptions): Promise<PhotoProblem> {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  const isTransient = transientCodes.has(code);
  if (!isTransient && code !== 'ENOENT') {
    const problem = permanent(`photo ${quote(path)} cannot be read (${code})`);
    return deniedCodes.has(code) ? openFault(problem) : problem;
  }
  const gone = rootFolder === undefined ? undefined : await root.whatIsGone(rootFolder);
  if (gone !== undefined)
    return sourceFault(`photo ${quote(path)} is not there, ${gone}: is the drive connected?`);
  if (isTransient) return openFault(transient(`photo ${quote(path)} cannot be read now (${code})`));
  return permanent(`photo ${quote(path)} is not there`);
}

/** What a reader knows of the folder that its photos lie in. */
export interface RootWatch {
  /** To be called when a photo was read. */
  noteRead(folder: string): Promise<void>;
  /**
   * Whether the whole folder went: it cannot be read, or is empty, as a mount point is whose file system was taken away, or
   * is another than it was when a photo was read.
   */
  whatIsGone(folder: string): Promise<string | undefined>;
}

export function createRootWatch(): RootWatch {
  let known: Promise<string | undefined> | undefined;
  const identityOf = async (folder: string) => {
    const { dev, ino } = await stat(folder);
    return `${dev}:${ino}`;
  };
  return {
    async noteRead(folder) {
      known ??= identityOf(folder).catch(() => undefined);
      await known;
    },
    async whatIsGone(folder) {
      try {
        const before = await known;
        if (before !== undefined && before !== (await identityOf(folder)))
          return `and its folder ${folder} is another one than before`;
        const entries = await opendir(folder);
        const first = await entries.read().finally(() => entries.close());
        return first === null ? `and its folder ${folder} is empty` : undefined;
      } catch {
        return `nor is its folder ${folder}`;
      }
    },
  };
}

function quote(path: string): string {
  return JSON.stringify(path);
}
