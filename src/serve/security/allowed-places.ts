import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { AllowedPlaces } from '../../photos/places/allowed-places.ts';
import { isS3Address, parseS3Address } from '../../storage/s3/s3-address.ts';
import { ProblemError } from '../problem.ts';

export interface AllowedSettings {
  /** `--allow-root`. */
  readonly allowRoot: readonly string[];
  /** `--allow-bucket`. */
  readonly allowBucket: readonly string[];
  /** Where relative ones of the server begin. */
  readonly folder: string;
}

/**
 * What a client may name as a source: a place below an allowed folder, by its real path, or in an allowed bucket.
 * @returns the source to open
 * @throws ProblemError, one and the same for whatever is not allowed, be it there or not
 */
export async function allowedSource(source: string, places: AllowedSettings): Promise<string> {
  const allowed = isS3Address(source) ? inBucket(source, places) : await belowRoot(source, places);
  if (allowed !== undefined) return allowed;
  throw new ProblemError(
    403,
    'source-not-allowed',
    'A client of this server may name sources only below its --allow-root, or in its --allow-bucket.',
  );
}

/**
 * What a client may name as a photo: a file below an allowed folder, by its real path, which may still come, an object
 * in an allowed bucket, or an https address where clients may name photos at all. The same as in the lists that they name:
 * what is fetched over https has guards of its own (`--allow-private`).
 * @returns the photo as it is read
 * @throws ProblemError, one and the same for whatever is not allowed, be it there or not
 */
export async function allowedPhoto(photo: string, places: AllowedSettings): Promise<string> {
  const allowed = /^https:/iu.test(photo)
    ? overHttps(photo, places)
    : isS3Address(photo)
      ? inBucket(photo, places)
      : ((await belowRoot(photo, places)) ?? (await comingBelowRoot(photo, places)));
  if (allowed !== undefined) return allowed;
  throw new ProblemError(
    403,
    'photo-not-allowed',
    'A client of this server may name photos only below its --allow-root, or in its --allow-bucket; or give the picture itself.',
  );
}

const overHttps = (photo: string, { allowRoot, allowBucket }: AllowedSettings) =>
  allowRoot.length + allowBucket.length > 0 ? photo : undefined;

/** A file that is not there, in a folder that is. */
async function comingBelowRoot(photo: string, places: AllowedSettings): Promise<string | undefined> {
  const path = resolve(photo);
  const isThere = await lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
  const folder = isThere || !photo.startsWith('/') ? undefined : await belowRoot(dirname(path), places);
  return folder === undefined ? undefined : join(folder, basename(path));
}

function inBucket(source: string, { allowBucket }: AllowedSettings): string | undefined {
  try {
    return allowBucket.includes(parseS3Address(source).bucket) ? source : undefined;
  } catch {
    return undefined;
  }
}

/** The same for the photos of such a source: of a list they may lie elsewhere. */
export async function allowedPlaces({
  allowRoot,
  allowBucket,
  folder,
}: AllowedSettings): Promise<AllowedPlaces> {
  const folders = await Promise.all(allowRoot.map((root) => realOf(resolve(folder, root))));
  return { folders: folders.filter((path) => path !== undefined), buckets: [...allowBucket] };
}

async function belowRoot(source: string, settings: AllowedSettings): Promise<string | undefined> {
  // What follows a relative path is nothing that a client knows.
  if (!source.startsWith('/')) return undefined;
  const path = await realOf(source);
  if (path === undefined) return undefined;
  const { folders } = await allowedPlaces(settings);
  return folders.some((folder) => isBelow(path, folder)) ? path : undefined;
}

const realOf = (path: string) => realpath(path).catch(() => undefined);

function isBelow(path: string, root: string): boolean {
  const way = relative(root, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`));
}
