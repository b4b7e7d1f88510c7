import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { isInside } from '../sources/photo-address.ts';
import { fileVersion } from '../util/file-version.ts';
import { findByOtherName } from './other-name.ts';
import type { PhotoBytes, PhotoProblem } from './photo.ts';
import { permanent, tooLarge, toPhotoBytes, transient } from './photo-bytes.ts';

export interface LocalPhotoOptions {
  readonly path: string;
  /** The folder that the photo may not leave, links resolved; undefined: it may lie anywhere. */
  readonly rootFolder: string | undefined;
  readonly maxSizeInBytes: number;
  readonly signal: AbortSignal;
}

/** Transient faults of the disk or the system; all others are permanent. */
const transientCodes = new Set(
  'EIO EAGAIN EBUSY EINTR EMFILE ENFILE ENOMEM ESTALE ETIMEDOUT ENOTCONN EHOSTDOWN'.split(' '),
);

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

async function explain(error: unknown, { path, rootFolder }: LocalPhotoOptions): Promise<PhotoProblem> {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  if (transientCodes.has(code)) return transient(`photo ${quote(path)} cannot be read now (${code})`);
  if (code !== 'ENOENT') return permanent(`photo ${quote(path)} cannot be read (${code})`);
  const isRootThere =
    rootFolder === undefined || (await realpath(rootFolder).catch(() => undefined)) !== undefined;
  if (isRootThere) return permanent(`photo ${quote(path)} is not there`);
  return transient(
    `photo ${quote(path)} is not there, nor is its folder ${rootFolder}: is the drive connected?`,
  );
}

function quote(path: string): string {
  return JSON.stringify(path);
}
