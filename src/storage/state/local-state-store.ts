import { randomBytes } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { linesOf } from './lines-of.ts';
import { openAppender } from './local-appender.ts';
import { openByteFile, openScratchFile, overwrite } from './local-byte-file.ts';
import { createWhole, openWriter, writeWhole } from './local-writer.ts';
import { guarded } from './state-fault.ts';
import type { ReadLinesOptions, StateEntry, StateLine, StateStore } from './state-store.ts';

/** A folder into which another process writes just then is removed all the same: what came in between goes as well. */
const removing = { force: true, recursive: true, maxRetries: 10, retryDelay: 10 } as const;

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
    create: (path, content) => guarded(locate(path), () => createWhole(locate(path), content)),
    openWriter: (path) => guarded(locate(path), () => openWriter(locate(path))),
    openAppender: (path) => guarded(locate(path), () => openAppender(locate(path))),
    sync: (path) => guarded(locate(path), () => syncFile(locate(path))),
    seal: async () => {},
    readLines: (path, options) => guardedLines(locate(path), readLines(locate(path), options)),
    list: (path) => guarded(locate(path), () => listFolder(locate(path))),
    size: (path) => guarded(locate(path), () => sizeOf(locate(path))),
    remove: (path) => guarded(locate(path), () => rm(locate(path), removing)),
    bytes: {
      open: (path) => guarded(locate(path), () => openByteFile(locate(path))),
      openWriter: (path) => guarded(locate(path), () => openWriter(locate(path))),
      overwrite: (path, patches) => guarded(locate(path), () => overwrite(locate(path), patches)),
      openScratch: (path) => guarded(locate(path), () => openScratchFile(locate(path))),
    },
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

async function syncFile(path: string): Promise<void> {
  const file = await openIfThere(path);
  try {
    await file?.datasync();
  } finally {
    await file?.close();
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

const chunkSizeInBytes = 256 * 1024;

/** Lines of a file in batches of about a chunk; nothing if there is no such file. */
export async function* readLines(
  path: string,
  { offset = 0, end = Number.POSITIVE_INFINITY, torn }: ReadLinesOptions = {},
): AsyncGenerator<StateLine[]> {
  yield* linesOf(readChunks(path, { offset, end }), { offset, torn });
}

async function* readChunks(path: string, range: { offset: number; end: number }): AsyncGenerator<Buffer> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return;
  try {
    for (let position = range.offset; position < range.end; ) {
      const chunk = Buffer.alloc(Math.min(chunkSizeInBytes, range.end - position));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
      position += bytesRead;
    }
  } finally {
    await file.close();
  }
}

const idPattern = /^[0-9a-f]{32}$/;

/**
 * The random id of a state folder, from its file `state-id`: the same wherever the folder is mounted. Whoever comes
 * first makes it. A damaged file is left alone and the next name is used, since one that is replaced could be another
 * process's good one by then: so all processes always come to the same id.
 */
export async function readLocalIdentity(folder: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const path = join(folder, number === 1 ? 'state-id' : `state-id.${number}`);
    const found = (await readIfThere(path)) ?? (await createId(path));
    if (idPattern.test(found.trim())) return found.trim();
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** Where another process was first, its id counts. */
async function createId(path: string): Promise<string> {
  await createWhole(path, `${randomBytes(16).toString('hex')}\n`);
  return readFile(path, 'utf8');
}
