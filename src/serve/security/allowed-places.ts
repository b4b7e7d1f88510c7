import { realpath } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { isS3Address, parseS3Address } from '../../storage/s3/s3-address.ts';
import { ProblemError } from '../problem.ts';

export interface AllowedPlaces {
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
export async function allowedSource(source: string, places: AllowedPlaces): Promise<string> {
  const allowed = isS3Address(source) ? inBucket(source, places) : await belowRoot(source, places);
  if (allowed !== undefined) return allowed;
  throw new ProblemError(
    403,
    'source-not-allowed',
    'A client of this server may name sources only below its --allow-root, or in its --allow-bucket.',
  );
}

function inBucket(source: string, { allowBucket }: AllowedPlaces): string | undefined {
  try {
    return allowBucket.includes(parseS3Address(source).bucket) ? source : undefined;
  } catch {
    return undefined;
  }
}

async function belowRoot(source: string, { allowRoot, folder }: AllowedPlaces): Promise<string | undefined> {
  // What follows a relative path is nothing that a client knows.
  if (!source.startsWith('/')) return undefined;
  const path = await realOf(source);
  if (path === undefined) return undefined;
  for (const root of allowRoot) {
    const real = await realOf(resolve(folder, root));
    if (real !== undefined && isBelow(path, real)) return path;
  }
  return undefined;
}

const realOf = (path: string) => realpath(path).catch(() => undefined);

function isBelow(path: string, root: string): boolean {
  const way = relative(root, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`));
}
