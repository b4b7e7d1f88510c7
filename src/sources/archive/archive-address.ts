import { isS3Address } from '../../storage/s3/s3-address.ts';

/** How the photos of an archive file lie in it. */
export type ArchiveKind = 'zip' | 'tar' | 'tar.gz';

/** A photo in an archive file. */
export interface ArchivedAddress {
  /** Absolute path or `s3://bucket/key` of the archive file. */
  readonly archive: string;
  readonly kind: ArchiveKind;
  /** In the archive, with `/` between the parts. */
  readonly path: string;
}

const suffixes: Readonly<Record<string, ArchiveKind>> = {
  zip: 'zip',
  tar: 'tar',
  'tar.gz': 'tar.gz',
  tgz: 'tar.gz',
};

/** By its suffix; undefined for what is no archive file. */
export function archiveKindOf(path: string): ArchiveKind | undefined {
  const suffix = /\.(zip|tar|tar\.gz|tgz)$/iu.exec(path)?.[1];
  return suffix === undefined ? undefined : suffixes[suffix.toLowerCase()];
}

/** `/archive/photos.zip!/anna/1.jpg` */
export const formatArchivedAddress = (archive: string, path: string) => `${archive}!/${path}`;

/**
 * Takes the address of a photo in an archive file apart, at the first `!/` behind such a suffix: whatever follows is the
 * name in the archive. That nothing else has this form, folders, prefixes and archive files themselves see to
 * (`looksArchived`).
 */
export function parseArchivedAddress(address: string): ArchivedAddress | undefined {
  const isAddress = address.startsWith('/') || isS3Address(address);
  const { archive = '', path = '' } = (isAddress && splitArchived(address)) || {};
  const kind = archiveKindOf(archive);
  return kind === undefined ? undefined : { archive, kind, path };
}

/** The same of an address that may be relative. */
export function splitArchived(address: string): Pick<ArchivedAddress, 'archive' | 'path'> | undefined {
  // Asked of each of millions of rows.
  if (!address.includes('!/')) return undefined;
  const { archive, path = '' } = archivedParts.exec(address)?.groups ?? {};
  return archive === undefined ? undefined : { archive, path };
}

const archivedParts = /^(?<archive>.*?\.(?:zip|tar|tar\.gz|tgz))!\/(?<path>.*)$/isu;

/** Whether the path of a file would be taken for the address of a photo in an archive file. */
export const looksArchived = (path: string) => splitArchived(path) !== undefined;

export const whyLooksArchived =
  'lies in a folder whose name ends with "!" behind that of an archive file, which is how photos in archive files are named; rename the folder';
