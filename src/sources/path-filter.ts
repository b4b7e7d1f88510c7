import picomatch from 'picomatch';

/** Globs on a photo's path from the source's root. A glob without `/` is matched with the name alone. */
export interface PathFilter {
  acceptsFile(relativePath: string): boolean;
  /** False where an `--exclude` that ends in `/**` leaves out all that lies in the folder. */
  acceptsFolder(relativePath: string): boolean;
}

/** Accepts what an `include` matches (all, if there is none) and no `exclude` does. */
export function createPathFilter({
  include,
  exclude,
}: {
  include: readonly string[];
  exclude: readonly string[];
}): PathFilter {
  const isIncluded = include.length === 0 ? () => true : matchAny(include);
  const isExcluded = matchAny(exclude);
  const wholeFolders = exclude.filter((glob) => glob.endsWith('/**'));
  const isFolderExcluded = matchAny(wholeFolders);
  return {
    acceptsFile: (path) => isIncluded(path) && !isExcluded(path),
    acceptsFolder: (path) => !isFolderExcluded(path),
  };
}

function matchAny(globs: readonly string[]): (path: string) => boolean {
  const matchers = globs.map((glob) => picomatch(glob, { dot: true, basename: !glob.includes('/') }));
  return (path) => matchers.some((matches) => matches(path));
}

const suffixes = new Set('jpg jpeg jpe png webp heic heif avif tif tiff gif bmp'.split(' '));

/** Whether a file is a photo, by its suffix in any case. Hidden files (`._anna.jpg`) are not. */
export function isPhotoFileName(name: string): boolean {
  if (name.startsWith('.')) return false;
  const dot = name.lastIndexOf('.');
  return dot > 0 && suffixes.has(name.slice(dot + 1).toLowerCase());
}

/** Folders that no one keeps photos in: hidden ones, and those that systems and network drives add. */
export function isHiddenFolderName(name: string): boolean {
  return name.startsWith('.') || name === '@eaDir' || name === '__MACOSX';
}
