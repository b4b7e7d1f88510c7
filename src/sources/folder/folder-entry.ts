import { constants } from 'node:fs';
import { lstat, open, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FaultError } from '../../util/errors.ts';
import { fileVersion } from '../../util/file-version.ts';
import { looksArchived, whyLooksArchived } from '../archive/archive-address.ts';
import type { IdPattern } from '../id-from.ts';
import { signatureSizeInBytes } from '../image-signature.ts';
import type { LeftOut, LeftOutReason } from '../left-out.ts';
import type { FileVerdict, ListRules } from '../list-rules.ts';
import { byContent, type Looked, possibleSubject } from '../look-at-content.ts';
import { isInside } from '../photo-address.ts';
import { problemOfText, readSubjectId } from '../read-subject-id.ts';
import type { ListedPhoto } from '../source.ts';
import {
  type FolderIdentity,
  folderIdentity,
  isSameFolder,
  replacedFolder,
  type WalkEntry,
} from './folder-walk.ts';

export interface FolderSourceOptions {
  /** Absolute. */
  readonly path: string;
  readonly idPattern: IdPattern;
  readonly rules: ListRules;
  readonly allowOutside: boolean;
}

/** A folder that is being listed. */
export type ListedFolder = FolderSourceOptions & { readonly identity: FolderIdentity };

/**
 * One entry of a folder as a listed photo, or as what is left out.
 * @throws FaultError if the whole folder is gone
 */
export async function listFolderEntry(
  entry: WalkEntry,
  options: ListedFolder,
): Promise<ListedPhoto | { readonly leftOut: LeftOut }> {
  const { path: root, idPattern } = options;
  const photo = join(root, entry.path);
  const looked = await look(entry, photo, options);
  if ('why' in looked) return { leftOut: leftOutFile(entry.path, looked.why, { entry, idPattern }) };
  const written = isFile(entry) ? idPattern.matchFile(entry.path) : idPattern.match(entry.path);
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

const isFile = ({ kind }: WalkEntry) => kind === 'file' || kind === 'link';

function leftOutFile(
  path: string,
  why: LeftOutReason,
  { entry, idPattern }: { entry: WalkEntry; idPattern: IdPattern },
): LeftOut {
  if (entry.kind === 'folder' || entry.kind === 'badly-named-folder') return { path: `${path}/`, why };
  return { path, why, ...possibleSubject(path, why, idPattern) };
}

async function look(entry: WalkEntry, photo: string, options: ListedFolder): Promise<Looked> {
  if (entry.leftOut !== undefined) return { why: entry.leftOut };
  const verdict = options.rules.file(entry.path);
  if (looksArchived(photo) && !isLeftOut(verdict)) return { problem: whyLooksArchived };
  switch (entry.kind) {
    case 'file':
      return lookAtFile(photo, verdict, options);
    case 'link':
      return lookAtLink(entry.path, photo, options);
    case 'special':
      return isLeftOut(verdict) || verdict !== 'photo'
        ? { why: isLeftOut(verdict) ? verdict : 'no-image' }
        : { problem: 'is not a regular file (a pipe, socket or device)' };
    case 'folder':
    case 'unreadable':
      await checkStillThere(options);
      return { problem: `is a folder that cannot be read (${entry.errorCode}); its photos are not listed` };
    case 'badly-named-file':
      return isLeftOut(verdict) ? { why: verdict } : { problem: 'has a name that is not UTF-8; rename it' };
    case 'badly-named-folder': {
      const why = options.rules.folder(entry.path);
      if (why !== undefined) return { why };
      return { problem: 'is a folder with a name that is not UTF-8; its photos are not listed, rename it' };
    }
  }
}

const isLeftOut = (verdict: FileVerdict): verdict is LeftOutReason =>
  verdict !== 'photo' && verdict !== 'if-image' && verdict !== 'odd';

/** A file that is gone since its folder was read is listed all the same: it was found. */
async function lookAtFile(photo: string, verdict: FileVerdict, options: ListedFolder): Promise<Looked> {
  if (isLeftOut(verdict)) return { why: verdict };
  const stats = await lstat(photo).catch(() => undefined);
  if (stats === undefined) {
    await checkStillThere(options);
    return {};
  }
  const version = { version: fileVersion(stats), sizeInBytes: stats.size };
  return verdict === 'photo' ? version : byContent(verdict, await beginningOf(photo), version);
}

async function beginningOf(path: string): Promise<Buffer | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  try {
    const { bytesRead, buffer } = (await file?.read(Buffer.alloc(signatureSizeInBytes), 0)) ?? {};
    return buffer?.subarray(0, bytesRead);
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}

async function lookAtLink(path: string, photo: string, options: FolderSourceOptions): Promise<Looked> {
  const { path: root, rules, allowOutside } = options;
  const target = await stat(photo).catch(() => undefined);
  if (target?.isDirectory()) {
    const why = rules.folder(path);
    if (why !== undefined) return { why };
    return { problem: 'is a link to a folder, which is not followed; its photos are not listed' };
  }
  const verdict = rules.file(path);
  if (isLeftOut(verdict)) return { why: verdict };
  if (verdict !== 'photo' && target === undefined) return { why: 'no-image' };
  if (target === undefined) return { problem: 'is a broken link' };
  if (!target.isFile()) return { problem: 'is a link to something that is not a regular file' };
  const isWithin = allowOutside || (await leadsInside(root, photo));
  if (!isWithin) {
    return verdict === 'photo'
      ? { problem: 'is a link that leaves the folder; --allow-outside permits that' }
      : { why: 'no-image' };
  }
  const version = { version: fileVersion(target), sizeInBytes: target.size };
  return verdict === 'photo' ? version : byContent(verdict, await beginningOf(photo), version);
}

async function leadsInside(root: string, photo: string): Promise<boolean> {
  const [realRoot, realPhoto] = await Promise.all(
    [root, photo].map((path) => realpath(path).catch(() => '')),
  );
  return realRoot && realPhoto ? isInside(realRoot, realPhoto) : false;
}

/**
 * A folder that cannot be read is a line of the report; a drive that is gone must not look like a finished list.
 * @throws FaultError where the root is gone, or another folder stands in its place
 */
export async function checkStillThere({ path: root, identity }: ListedFolder): Promise<void> {
  const now = await folderIdentity(root).catch((cause) => {
    throw new FaultError(
      'source-missing',
      `The folder ${root} is gone: restore it, then start the same command again.`,
      { cause },
    );
  });
  if (!isSameFolder(now, identity)) throw replacedFolder(root);
}
