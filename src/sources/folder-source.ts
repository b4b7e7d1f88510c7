import { opendir } from 'node:fs/promises';
import { relative } from 'node:path';
import { UsageError } from '../util/errors.ts';
import { type FolderSourceOptions, listFolderEntry } from './folder-entry.ts';
import { type EntryKind, type WalkEntry, walkFolder } from './folder-walk.ts';
import { isHiddenFolderName, isPhotoFileName, type PathFilter } from './path-filter.ts';
import type { Source } from './source.ts';

/** Entries that are read together. */
const batchSize = 32;

/**
 * The photos of a folder and its folders, in a fixed order. Left out: hidden files and folders, and files whose suffix
 * is none of an image. A link to a file in the folder is that file under another name; a link that leaves the folder,
 * a link to a folder, a folder that cannot be read and a name that gives no id are listed with their problem.
 */
export function createFolderSource(options: FolderSourceOptions): Source {
  const { path: root, idPattern, filter, allowOutside } = options;
  let leftOut = 0;
  return {
    address: root,
    sameSubject: idPattern.hasPhoto ? 'repeat' : 'collision',
    ...(allowOutside ? {} : { rootFolder: root }),
    leftOutCount: () => leftOut,
    async *list({ after, signal }) {
      leftOut = 0;
      await checkFolder(root);
      const last = after?.photo === undefined ? undefined : relative(root, after.photo);
      const accepts = (path: string, kind: EntryKind) => {
        const isAccepted = acceptsEntry({ path, kind, filter });
        if (!isAccepted && kind !== 'folder') leftOut += 1;
        return isAccepted;
      };
      for await (const batch of batched(walkFolder({ root, after: last, signal, accepts }))) {
        signal.throwIfAborted();
        for (const photo of await Promise.all(batch.map((entry) => listFolderEntry(entry, options)))) {
          signal.throwIfAborted();
          if (photo === undefined) leftOut += 1;
          else yield photo;
        }
      }
    },
  };
}

/** @throws UsageError if the folder cannot be read */
export async function checkFolder(root: string): Promise<void> {
  try {
    const folder = await opendir(root);
    await folder.close();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new UsageError('source-missing', `The folder ${root} cannot be read (${code}): check the path.`, {
      cause,
    });
  }
}

/** What a link points to is found out later: a link to a folder is listed as a problem, whatever its name. */
function acceptsEntry({
  path,
  kind,
  filter,
}: {
  path: string;
  kind: EntryKind;
  filter: PathFilter;
}): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  switch (kind) {
    case 'folder':
    case 'badly-named-folder':
    case 'link':
      return !isHiddenFolderName(name) && filter.acceptsFolder(path);
    default:
      return isPhotoFileName(name) && filter.acceptsFile(path);
  }
}

async function* batched(entries: AsyncIterable<WalkEntry>): AsyncGenerator<WalkEntry[]> {
  let batch: WalkEntry[] = [];
  for await (const entry of entries) {
    batch.push(entry);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
