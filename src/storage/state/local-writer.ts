import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { guarded } from './state-fault.ts';
import type { ByteWriter, StateWriter } from './state-store.ts';

const draftSuffix = '.tmp';

export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const writer = await openDraft(path);
  try {
    await writer.write(content);
    await writer.commit();
  } finally {
    await writer.discard();
  }
}

/** Gives the file its name only when it is whole and durable. @returns false where another process was first */
export async function createWhole(path: string, content: string): Promise<boolean> {
  const draft = await openDraft(path);
  try {
    await draft.write(content);
    return await draft.commitAsFirst();
  } finally {
    await draft.discard();
  }
}

/** Drafts that a killed process left of this file are removed: a large file has one writer at a time. */
export async function openWriter(path: string): Promise<StateWriter & ByteWriter> {
  const siblings = await readdir(dirname(path)).catch(() => []);
  const drafts = siblings.filter(
    (name) => name.startsWith(`${basename(path)}.`) && name.endsWith(draftSuffix),
  );
  for (const name of drafts) await rm(join(dirname(path), name), { force: true });
  return openDraft(path);
}

interface Draft extends StateWriter, ByteWriter {
  write(content: string | Uint8Array): Promise<void>;
  /** Leaves a file that is there as it is. @returns whether there was none */
  commitAsFirst(): Promise<boolean>;
}

async function openDraft(path: string): Promise<Draft> {
  await makeFolder(dirname(path));
  const temporary = `${path}.${randomBytes(6).toString('hex')}${draftSuffix}`;
  const file = await open(temporary, 'wx', 0o600);
  let closed = false;
  const close = async () => {
    if (!closed) {
      closed = true;
      await file.close();
    }
  };
  let committed = false;
  return {
    write: (content) => guarded(path, async () => void (await file.writeFile(content))),
    commit: () =>
      guarded(path, async () => {
        await file.sync();
        await close();
        await rename(temporary, path);
        committed = true;
        await syncFolder(dirname(path));
      }),
    commitAsFirst: () =>
      guarded(path, async () => {
        await file.sync();
        await close();
        const isFirst = await link(temporary, path).then(
          () => true,
          (error: NodeJS.ErrnoException) => {
            if (error.code === 'EEXIST') return false;
            throw error;
          },
        );
        await syncFolder(dirname(path));
        return isFirst;
      }),
    async discard() {
      await close();
      if (!committed) await rm(temporary, { force: true });
    },
  };
}

/** Makes a folder, and those above it, readable by this user only, and durable. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 }).catch((error) => explain(path, error));
  if (first === undefined) return;
  for (let folder = path; folder.length >= first.length; folder = dirname(folder))
    await syncFolder(dirname(folder));
}

/** Node.js says ENOENT, whatever keeps it from making a folder above: the first that is not there says what it is. */
async function explain(path: string, error: NodeJS.ErrnoException): Promise<never> {
  if (error.code !== 'ENOENT') throw error;
  let missing = path;
  while (missing !== dirname(missing) && !(await isThere(dirname(missing)))) missing = dirname(missing);
  await mkdir(missing, { mode: 0o700 });
  throw error;
}

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** A new name in a folder is durable only when the folder is synced too. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
