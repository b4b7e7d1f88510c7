import { opendir } from 'node:fs/promises';
import { relative } from 'node:path';
import { UsageError } from '../../util/errors.ts';
import { whyUnreadable } from '../../util/why-unreadable.ts';
import type { Source } from '../source.ts';
import { checkStillThere, type FolderSourceOptions, listFolderEntry } from './folder-entry.ts';
import { failingFolder, folderIdentity, isOfOneFolder, type WalkEntry, walkFolder } from './folder-walk.ts';

/** Entries that are read together. */
const batchSize = 32;

/**
 * The photos of a folder and its folders, in a fixed order. Left out: what `list-rules.ts` says, by names and, where those
 * do not tell, by content. A link to a file in the folder is that file under another name; a link that leaves the folder,
 * a link to a folder, a folder that cannot be read and a name that gives no id are listed with their problem.
 */
export function createFolderSource(options: FolderSourceOptions): Source {
  const { path: root, idPattern, rules, allowOutside } = options;
  return {
    address: root,
    sameSubject: idPattern.hasPhoto ? 'repeat' : 'collision',
    idsFromPaths: true,
    ...(allowOutside ? {} : { rootFolder: root }),
    leavesOut: true,
    async *list({ after, signal, onLeftOut, onEnd }) {
      await checkFolder(root);
      const here = { ...options, identity: await folderIdentity(root) };
      const last = after?.photo === undefined ? undefined : relative(root, after.photo);
      let gaps = 0;
      const entries = walkFolder({ root, after: last, signal, whyNotEntered: rules.folder });
      for await (const batch of batched(entries)) {
        signal.throwIfAborted();
        for (const listed of await Promise.all(batch.map((entry) => listFolderEntry(entry, here)))) {
          signal.throwIfAborted();
          if ('leftOut' in listed) await onLeftOut?.(listed.leftOut);
          else yield listed;
        }
        gaps += batch.filter(({ kind }) => kind === 'unreadable').length;
      }
      await checkStillThere(here);
      onEnd?.({ gaps });
    },
  };
}

/** @throws UsageError if the folder cannot be read; FaultError if its drive fails */
export async function checkFolder(root: string): Promise<void> {
  try {
    const folder = await opendir(root);
    await folder.close();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    if (!isOfOneFolder(code)) throw failingFolder(root, cause);
    const why = whyUnreadable(cause as NodeJS.ErrnoException);
    throw new UsageError('source-missing', `The folder ${root} ${why}.`, { cause });
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
