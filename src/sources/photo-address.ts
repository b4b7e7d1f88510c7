import { isAbsolute, relative, resolve, sep } from 'node:path';
import { formatS3Address, isS3Address, parseS3Address } from '../storage/s3/s3-address.ts';
import { UsageError } from '../util/errors.ts';
import { redactAddress } from '../util/redact-address.ts';
import { formatArchivedAddress, splitArchived } from './archive/archive-address.ts';
import { readEntryPath } from './archive/entry-path.ts';

export type PhotoAddress = { readonly photo: string } | { readonly problem: string };

/** Longer than any path or address that can be opened. */
export const maxAddressLength = 8192;

/**
 * What a manifest's photo cell stands for: `https://…` and `s3://…` as they are, a path made absolute from the
 * manifest's folder (an absolute path, or `s3://bucket/` with prefix and slash). A photo may lie in an archive file. Gives a problem for anything that
 * cannot be read. Links are checked when the photo is read.
 */
export function resolvePhotoAddress({
  cell,
  folder,
  allowOutside,
  absoluteAnywhere = false,
}: {
  cell: string;
  folder: string;
  allowOutside: boolean;
  absoluteAnywhere?: boolean | undefined;
}): PhotoAddress {
  if (cell.trim() === '') return { problem: 'photo is empty' };
  if (cell.includes('\0')) return { problem: 'photo holds a NUL character' };
  if (cell.length > maxAddressLength)
    return { problem: `photo is longer than ${maxAddressLength} characters` };
  const scheme = schemeOf(cell);
  if (scheme === 's3' && isS3Address(cell)) return resolveS3Address(cell);
  if (scheme === undefined && isS3Address(folder)) return resolveKey({ cell, folder, allowOutside });
  if (scheme === undefined)
    return resolvePath({
      cell,
      folder,
      allowOutside: allowOutside || (absoluteAnywhere && isAbsolute(cell)),
    });
  const problem = problemOfAddress(scheme, cell);
  return problem === undefined ? { photo: cell } : { problem };
}

/** Whether the path is in the folder, by the text alone; both absolute. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function schemeOf(cell: string): string | undefined {
  const scheme = /^\s*(?:([a-z][a-z0-9+.-]+):[\\/]{2}|(data|file|https?|s3|gs|ftp|blob):)/iu.exec(cell);
  return (scheme?.[1] ?? scheme?.[2])?.toLowerCase();
}

function problemOfAddress(scheme: string, cell: string): string | undefined {
  const shown = JSON.stringify(redactAddress(cell.trim()).address.slice(0, 200));
  switch (scheme) {
    case 'https':
      return /^https:\/\//iu.test(cell) && URL.canParse(cell)
        ? undefined
        : `photo ${shown} is not a valid address`;
    case 'http':
      return `photo ${shown} would be fetched without encryption; give an https:// address`;
    // A picture that an inbox was given, in the report of its run.
    case 'inbox':
      return undefined;
    case 's3':
      return `photo ${shown} is not a valid address; give s3://bucket/key`;
    case 'file':
      return `photo ${shown}: file:// is not read; give the path itself`;
    default:
      return `photo ${shown}: ${scheme}: addresses are not read; give a path, an https:// or an s3:// address`;
  }
}

/** A drive's letter or a server: a path of Windows has no meaning here. */
const windowsPath = /^(?:[a-z]:[\\/]|\\\\[^\\])/iu;

function resolvePath({
  cell,
  folder,
  allowOutside,
}: {
  cell: string;
  folder: string;
  allowOutside: boolean;
}): PhotoAddress {
  if (windowsPath.test(cell))
    return {
      problem: `photo ${JSON.stringify(cell)} is a path of a Windows machine; give paths relative to the list`,
    };
  const archived = splitArchived(cell);
  const entry = archived && readEntryPath(archived.path);
  if (entry?.problem !== undefined) return { problem: `photo ${JSON.stringify(cell)} ${entry.problem}` };
  const file = resolve(folder, archived?.archive ?? cell);
  const photo = entry === undefined ? file : formatArchivedAddress(file, entry.path);
  // No `..` is left in what was resolved: where its beginning is the folder, nothing else need be looked at.
  if (allowOutside || file.startsWith(`${folder}${sep}`) || isInside(folder, file)) return { photo };
  return {
    problem: `photo ${JSON.stringify(cell)} leaves the folder ${folder}; --allow-outside permits that`,
  };
}

function resolveS3Address(cell: string): PhotoAddress {
  try {
    const { bucket, key } = parseS3Address(cell);
    if (key !== '') return { photo: formatS3Address({ bucket, key }) };
    return { problem: `photo ${JSON.stringify(cell)} names a bucket and no object` };
  } catch (error) {
    if (error instanceof UsageError) return { problem: `photo ${error.message.replace(/\.$/u, '')}` };
    throw error;
  }
}

/** Relative to a manifest on S3. Only `.` and `..` have a meaning; all else is part of the key. */
function resolveKey({
  cell,
  folder,
  allowOutside,
}: {
  cell: string;
  folder: string;
  allowOutside: boolean;
}): PhotoAddress {
  const shown = `photo ${JSON.stringify(cell)}`;
  if (isAbsolute(cell))
    return {
      problem: `${shown} is a path on some machine; a manifest on S3 names photos by keys from its own prefix, s3:// or https:// addresses`,
    };
  const { bucket, key } = parseS3Address(folder);
  const parts = key.split('/').slice(0, -1);
  for (const part of cell.split('/')) {
    if (part === '..' && parts.pop() === undefined)
      return { problem: `${shown} leaves the bucket ${bucket}` };
    if (part !== '.' && part !== '..') parts.push(part);
  }
  const photo = formatS3Address({ bucket, key: parts.join('/') });
  if (photo.startsWith(folder) && photo !== folder) return resolveS3Address(photo);
  if (allowOutside) return resolveS3Address(photo);
  return { problem: `${shown} leaves the prefix ${folder}; --allow-outside permits that` };
}
