import { isAbsolute, relative, resolve, sep } from 'node:path';
import { redactAddress } from './redact-address.ts';

export type PhotoAddress = { readonly photo: string } | { readonly problem: string };

/** Longer than any path or address that can be opened. */
export const maxAddressLength = 8192;

/**
 * What a manifest's photo cell stands for: `https://…` as it is, a path made absolute from the manifest's folder.
 * Says why where it stands for nothing that is read. Links are judged when the photo is read.
 */
export function resolvePhotoAddress({
  cell,
  folder,
  allowOutside,
}: {
  cell: string;
  folder: string;
  allowOutside: boolean;
}): PhotoAddress {
  if (cell.trim() === '') return { problem: 'photo is empty' };
  if (cell.includes('\0')) return { problem: 'photo holds a NUL character' };
  if (cell.length > maxAddressLength)
    return { problem: `photo is longer than ${maxAddressLength} characters` };
  const scheme = schemeOf(cell);
  if (scheme === undefined) return resolvePath({ cell, folder, allowOutside });
  const problem = problemOfAddress(scheme, cell);
  return problem === undefined ? { photo: cell } : { problem };
}

/** Whether the path lies in the folder, by their letters; both absolute. */
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
    case 's3':
      return `photo ${shown}: S3 photos are not supported by this version`;
    case 'file':
      return `photo ${shown}: file:// is not read; give the path itself`;
    default:
      return `photo ${shown}: ${scheme}: addresses are not read; give a path or an https:// address`;
  }
}

function resolvePath({
  cell,
  folder,
  allowOutside,
}: {
  cell: string;
  folder: string;
  allowOutside: boolean;
}): PhotoAddress {
  const photo = resolve(folder, cell);
  if (allowOutside || isInside(folder, photo)) return { photo };
  return {
    problem: `photo ${JSON.stringify(cell)} leaves the folder ${folder}; --allow-outside permits that`,
  };
}
