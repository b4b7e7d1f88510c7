import { realpath } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import type { AllowedPlaces } from '../../photos/allowed-places.ts';
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
