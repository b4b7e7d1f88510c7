import picomatch from 'picomatch';

/** Globs on a photo's path from the source's root. A glob without `/` is matched with the name alone. */
export interface PathFilter {
  acceptsFile(relativePath: string): boolean;
  /** False where an `--exclude` that ends in `/**` leaves out all that lies in the folder. */
  acceptsFolder(relativePath: string): boolean;
}

/** Takes what an `include` matches (all, if there is none) and no `exclude` does. */
export function createPathFilter({
  include,
  exclude,
}: {
  include: readonly string[];
  exclude: readonly string[];
}): PathFilter {
  const options = { basename: true, dot: true };
  const isIncluded = include.length === 0 ? () => true : picomatch([...include], options);
  const isExcluded = exclude.length === 0 ? () => false : picomatch([...exclude], options);
  const wholeFolders = exclude.filter((glob) => glob.endsWith('/**'));
  const isFolderExcluded = wholeFolders.length === 0 ? () => false : picomatch(wholeFolders, { dot: true });
  return {
    acceptsFile: (path) => isIncluded(path) && !isExcluded(path),
    acceptsFolder: (path) => !isFolderExcluded(path),
  };
}
