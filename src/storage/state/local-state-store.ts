import type { Dirent } from 'node:fs';
import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openAppender } from './local-appender.ts';
import { readLocalIdentity } from './local-identity.ts';
import { openWriter, writeWhole } from './local-writer.ts';
import { readLines } from './read-lines.ts';
import { guarded } from './state-fault.ts';
import type { StateEntry, StateLine, StateStore } from './state-store.ts';

/** State in a folder of this machine. Folders are readable by this user only (0700), files too (0600). */
export function createLocalStateStore(folder: string): StateStore {
  const root = resolve(folder);
  const locate = (path: string) => join(root, path);
  return {
    kind: 'local',
    writeEveryInMs: 0,
    identity: () => guarded(root, () => readLocalIdentity(root)),
    address: root,
    locate,
    read: (path) => guarded(locate(path), () => readWhole(locate(path))),
    readRange: (path, range) => guarded(locate(path), () => readRange(locate(path), range)),
    write: (path, content) => guarded(locate(path), () => writeWhole(locate(path), content)),
    openWriter: (path) => guarded(locate(path), () => openWriter(locate(path))),
    openAppender: (path) => guarded(locate(path), () => openAppender(locate(path))),
    seal: async () => {},
    readLines: (path, options) => guardedLines(locate(path), readLines(locate(path), options)),
    list: (path) => guarded(locate(path), () => listFolder(locate(path))),
    size: (path) => guarded(locate(path), () => sizeOf(locate(path))),
    remove: (path) => guarded(locate(path), () => rm(locate(path), { force: true, recursive: true })),
  };
}

async function* guardedLines(path: string, lines: AsyncIterable<StateLine[]>): AsyncGenerator<StateLine[]> {
  const iterator = lines[Symbol.asyncIterator]();
  try {
    while (true) {
      const next = await guarded(path, () => iterator.next());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

async function readWhole(path: string): Promise<Buffer | undefined> {
  const file = await openIfThere(path);
  if (!file) return undefined;
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function readRange(path: string, range: { offset: number; sizeInBytes: number }): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(range.sizeInBytes);
    const { bytesRead } = await file.read(buffer, 0, range.sizeInBytes, range.offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  return open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}

async function sizeOf(path: string): Promise<number | undefined> {
  const file = await openIfThere(path);
  if (!file) return undefined;
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

async function listFolder(path: string): Promise<StateEntry[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const described = await Promise.all(entries.map((entry) => describe(path, entry)));
  return described.filter((entry) => entry !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Undefined for a file that another process renamed or removed after the folder was read. */
async function describe(folder: string, entry: Dirent): Promise<StateEntry | undefined> {
  const { name } = entry;
  if (entry.isDirectory()) return { name, isFolder: true, sizeInBytes: 0 };
  try {
    return { name, isFolder: false, sizeInBytes: (await stat(join(folder, name))).size };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
