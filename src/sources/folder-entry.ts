import { lstat, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FaultError } from '../util/errors.ts';
import { fileVersion } from '../util/file-version.ts';
import type { WalkEntry } from './folder-walk.ts';
import type { IdPattern } from './id-from.ts';
import { isPhotoFileName, type PathFilter } from './path-filter.ts';
import { isInside } from './photo-address.ts';
import { problemOfText, readSubjectId } from './read-subject-id.ts';
import type { ListedPhoto } from './source.ts';

export interface FolderSourceOptions {
  /** Absolute. */
  readonly path: string;
  readonly idPattern: IdPattern;
  readonly filter: PathFilter;
  readonly allowOutside: boolean;
}

type FileVersion = Pick<ListedPhoto, 'version' | 'sizeInBytes'>;
type Looked = FileVersion | { readonly problem: string } | 'no photo';

/**
 * One entry of a folder as a listed photo; undefined for a link that turns out to be no photo.
 * @throws FaultError if the whole folder is gone
 */
export async function listFolderEntry(
  entry: WalkEntry,
  options: FolderSourceOptions,
): Promise<ListedPhoto | undefined> {
  const { path: root, idPattern } = options;
  const photo = join(root, entry.path);
  const looked = await look(entry, photo, options);
  if (looked === 'no photo') return undefined;
  const written = idPattern.match(entry.path);
  const shown = JSON.stringify(entry.path);
  if ('problem' in looked) {
    return { ...(written ? { subjectId: written } : {}), photo, problem: `${shown} ${looked.problem}` };
  }
  if (written === undefined) {
    return { photo, ...looked, problem: `${shown} gives no subject id by --id-from "${idPattern.pattern}"` };
  }
  const problem = problemOfText('its subject id', written);
  const { warnings, ...id } = readSubjectId(written);
  return {
    ...id,
    photo,
    ...looked,
    ...(warnings.length > 0 && { warnings }),
    ...(problem === undefined ? {} : { problem: `${shown}: ${problem}` }),
  };
}

async function look(entry: WalkEntry, photo: string, options: FolderSourceOptions): Promise<Looked> {
  switch (entry.kind) {
    case 'file':
      return lookAtFile(photo, options);
    case 'link':
      return lookAtLink(entry.path, photo, options);
    case 'special':
      return { problem: 'is not a regular file (a pipe, socket or device)' };
    case 'folder':
    case 'unreadable':
      await checkStillThere(options.path);
      return { problem: `is a folder that cannot be read (${entry.errorCode}); its photos are not listed` };
    case 'badly-named-file':
      return { problem: 'has a name that is not UTF-8; rename it' };
    case 'badly-named-folder':
      return { problem: 'is a folder with a name that is not UTF-8; its photos are not listed, rename it' };
  }
}

/** A file that is gone since its folder was read is listed all the same: it was found. */
async function lookAtFile(photo: string, options: FolderSourceOptions): Promise<Looked> {
  const stats = await lstat(photo).catch(() => undefined);
  if (stats === undefined) {
    await checkStillThere(options.path);
    return {};
  }
  return { version: fileVersion(stats), sizeInBytes: stats.size };
}

async function lookAtLink(path: string, photo: string, options: FolderSourceOptions): Promise<Looked> {
  const { path: root, filter, allowOutside } = options;
  const target = await stat(photo).catch(() => undefined);
  if (target?.isDirectory())
    return { problem: 'is a link to a folder, which is not followed; its photos are not listed' };
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!isPhotoFileName(name) || !filter.acceptsFile(path)) return 'no photo';
  if (target === undefined) return { problem: 'is a broken link' };
  if (!target.isFile()) return { problem: 'is a link to something that is not a regular file' };
  const isWithin = allowOutside || (await leadsInside(root, photo));
  if (!isWithin) return { problem: 'is a link that leaves the folder; --allow-outside permits that' };
  return { version: fileVersion(target), sizeInBytes: target.size };
}

async function leadsInside(root: string, photo: string): Promise<boolean> {
  const [realRoot, realPhoto] = await Promise.all(
    [root, photo].map((path) => realpath(path).catch(() => '')),
  );
  return realRoot && realPhoto ? isInside(realRoot, realPhoto) : false;
}

/** A folder that cannot be read is a line of the report; a drive that is gone must not look like a finished list. */
async function checkStillThere(root: string): Promise<void> {
  await stat(root).catch((cause) => {
    throw new FaultError(
      'source-missing',
      `The folder ${root} is gone: restore it, then start the same command again.`,
      {
        cause,
      },
    );
  });
}
