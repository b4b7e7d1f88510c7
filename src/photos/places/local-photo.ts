import { constants, type Stats } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { isInside } from '../../sources/photo-address.ts';
import { fileVersion } from '../../util/file-version.ts';
import type { PhotoBytes, PhotoProblem } from '../photo.ts';
import { openFault, permanent, sourceFault, tooLarge, toPhotoBytes, transient } from '../photo-bytes.ts';
import { isBelowOne } from './allowed-places.ts';
import { closeFile, openFile, placeOf, readFile, statFile } from './open-file.ts';
import { findByOtherName } from './other-name.ts';
import type { RootWatch } from './root-watch.ts';

export interface LocalPhotoOptions {
  readonly path: string;
  /** The folder that the photo may not leave, links resolved; undefined: it may lie anywhere. */
  readonly rootFolder: string | undefined;
  /** Folders of which one has to hold it, links resolved; undefined: any. */
  readonly allowedFolders?: readonly string[] | undefined;
  readonly root: RootWatch;
  readonly maxSizeInBytes: number;
  readonly signal: AbortSignal;
}

const pieceInBytes = 4 * 1024 * 1024;

/** Transient faults of the disk or the system; all others are permanent. */
const transientCodes = new Set(
  'EIO EAGAIN EBADF EBUSY EINTR EMFILE ENFILE ENOMEM ESTALE ETIMEDOUT ENOTCONN EHOSTDOWN'.split(' '),
);

const deniedCodes = new Set(['EACCES', 'EPERM']);

/** Reads a file once. A pipe or device is refused without blocking on it; a change while it is read is noticed. */
export async function readLocalPhoto(options: LocalPhotoOptions): Promise<PhotoBytes | PhotoProblem> {
  const { rootFolder, allowedFolders, root, signal } = options;
  try {
    const opened = await openPhoto(options);
    if ('problem' in opened) return opened;
    const { file, at, isRenamed } = opened;
    try {
      if (rootFolder !== undefined && !(await root.holds(rootFolder, await placeOf(file, at))))
        return leadsOut(options);
      // It may have become a link since it was looked at.
      if (allowedFolders && !isBelowOne(allowedFolders, await placeOf(file, at)))
        return permanent(`photo ${quote(options.path)} lies where a client of the API may name none`);
      const photo = await readOpened(file, options);
      if (rootFolder !== undefined) await root.noteRead(rootFolder);
      return isRenamed && 'bytes' in photo ? { ...photo, warnings: ['photo-name-differs'] } : photo;
    } finally {
      await closeFile(file);
    }
  } catch (error) {
    signal.throwIfAborted();
    return explainFault(error, options);
  }
}

const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/** Where a link leads is known before it is opened. */
async function openPhoto(
  options: LocalPhotoOptions,
): Promise<{ readonly file: number; readonly at: string; readonly isRenamed: boolean } | PhotoProblem> {
  const { path, rootFolder } = options;
  try {
    return { file: await openFile(path, flags), at: path, isRenamed: false };
  } catch (error) {
    if (!isLinkOrMissing(error)) throw error;
    const { real, isRenamed } = await realPathOf(options);
    const isAllowed = rootFolder === undefined || isInside(await realpath(rootFolder), real);
    return isAllowed ? { file: await openFile(real, flags), at: real, isRenamed } : leadsOut(options);
  }
}

const isLinkOrMissing = (error: unknown) =>
  ['ELOOP', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '');

const leadsOut = ({ path, rootFolder }: LocalPhotoOptions) =>
  permanent(`photo ${quote(path)} leads out of the folder ${rootFolder}; --allow-outside permits that`);

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

async function readOpened(file: number, options: LocalPhotoOptions): Promise<PhotoBytes | PhotoProblem> {
  const stats = await statFile(file);
  if (!stats.isFile()) return permanent(`photo ${quote(options.path)} is not a regular file`);
  if (stats.size > options.maxSizeInBytes) return tooLarge(options.maxSizeInBytes);
  const bytes = await readBytes(file, stats.size, options.signal);
  const isChanged = bytes === undefined || !isSame(stats, await statFile(file));
  if (isChanged) return transient(`photo ${quote(options.path)} was changed while it was read`);
  return toPhotoBytes(bytes, fileVersion(stats));
}

/** Undefined if the file is shorter by now. */
async function readBytes(file: number, size: number, signal: AbortSignal): Promise<Buffer | undefined> {
  const bytes = Buffer.allocUnsafe(size);
  for (let position = 0; position < size; ) {
    signal.throwIfAborted();
    const length = Math.min(size - position, pieceInBytes);
    const { bytesRead } = await readFile(file, bytes, position, length, position);
    if (bytesRead === 0) return undefined;
    position += bytesRead;
  }
  return bytes;
}

function isSame(before: Stats, after: Stats): boolean {
  return before.size === after.size && before.mtimeMs === after.mtimeMs;
}

/** Why a file cannot be opened or read. */
export async function explainFault(
  error: unknown,
  { path, rootFolder, root }: Pick<LocalPhotoOptions, 'path' | 'rootFolder' | 'root'>,
): Promise<PhotoProblem> {
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

function quote(path: string): string {
  return JSON.stringify(path);
}
