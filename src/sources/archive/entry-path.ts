import { showInvisible } from '../../util/show-invisible.ts';

/** The path of an entry in its archive file, or why its name is none. */
export interface EntryPath {
  /** With `/` between the parts and none at the ends; where there is a problem, as it is written, for people. */
  readonly path: string;
  readonly problem?: string;
}

/** Longer than any path that can be opened. */
const longestName = 4096;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\x00-\x1f\x7f]/u;

/**
 * Reads a name as archive files hold it. `./` before it and doubled slashes mean nothing; all else that would be another
 * place outside of an archive file, or on another system, is no name of a photo.
 */
export function readEntryPath(name: string): EntryPath {
  const problem = problemOf(name);
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (problem === undefined && parts.length > 0) return { path: parts.join('/') };
  return { path: showInvisible(name).slice(0, longestName), problem: problem ?? 'has no name' };
}

function problemOf(name: string): string | undefined {
  if (name.includes('\0')) return 'has a NUL character in its name';
  if (controls.test(name)) return 'has a control character in its name';
  if (!name.isWellFormed() || name.includes('\ufffd')) return 'has a name that is not valid text';
  if (name.startsWith('/')) return 'has an absolute path for a name';
  if (/^[a-z]:/iu.test(name)) return 'has a name that begins with the letter of a drive';
  if (name.includes('\\')) return 'has a backslash in its name; in archive files names are parted by "/"';
  if (name.split('/').includes('..')) return 'has ".." in its name, which leads out of the archive file';
  return name.length > longestName ? 'has a name that is too long' : undefined;
}
