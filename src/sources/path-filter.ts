import picomatch from 'picomatch';

/** Globs on a photo's path from the source's root. A glob without `/` is matched with the name alone. */
export interface PathFilter {
  acceptsFile(relativePath: string): boolean;
  /** False where an `--exclude` that ends in `/**` leaves out all that lies in the folder. */
  acceptsFolder(relativePath: string): boolean;
  /** Whether `--include` says which files are meant, whatever their suffix. */
  readonly isIncludedByName: boolean;
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
    isIncludedByName: include.length > 0,
  };
}

function matchAny(globs: readonly string[]): (path: string) => boolean {
  const matchers = globs.map((glob) => picomatch(glob, { dot: true, basename: !glob.includes('/') }));
  return (path) => matchers.some((matches) => matches(path));
}
