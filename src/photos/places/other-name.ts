import { realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { isInside } from '../../sources/photo-address.ts';

/**
 * Where the photo lies that a list names in another form of Unicode than the disk, or with back slashes. Undefined
 * where it is not there, or where several files could be meant.
 * @param path absolute; nothing is there
 * @param rootFolder what is above it is taken as it is
 * @returns the real path, links resolved
 */
export async function findByOtherName(
  path: string,
  rootFolder: string | undefined,
): Promise<string | undefined> {
  const root = rootFolder !== undefined && isInside(rootFolder, path) ? rootFolder : '/';
  const found = new Set<string>();
  for (const name of otherNamesOf(relative(root, path))) {
    const real = await realpath(join(root, name)).catch(() => undefined);
    if (real !== undefined) found.add(real);
  }
  const [only, ...others] = found;
  return others.length === 0 ? only : undefined;
}

/** Folders and file may have come from machines of different kinds. */
function otherNamesOf(name: string): Set<string> {
  const withSlashes = name.replaceAll('\\', '/');
  const names = [name, withSlashes].flatMap((one) => {
    const folderEnd = one.lastIndexOf('/') + 1;
    const forms = ['NFC', 'NFD'].map((form) =>
      [one.slice(0, folderEnd), one.slice(folderEnd)].map((part) => part.normalize(form)),
    );
    return forms.flatMap(([folder = '']) => forms.map(([, file = '']) => folder + file));
  });
  const others = new Set([withSlashes, ...names]);
  others.delete(name);
  return others;
}
