import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FaultError } from '../errors.ts';
import { readLines } from './read-lines.ts';
import type { StateAppender, StateEntry, StateStore, StateWriter } from './state-store.ts';

/** State in a folder of this machine. Folders are readable by this user only (0700), files too (0600). */
export function createLocalStateStore(folder: string): StateStore {
  const root = resolve(folder);
  const locate = (path: string) => join(root, path);
  return {
    address: root,
    locate,
    read: (path) => guarded(locate(path), () => readWhole(locate(path))),
    readRange: (path, range) => guarded(locate(path), () => readRange(locate(path), range)),
    write: (path, content) => guarded(locate(path), () => writeWhole(locate(path), content)),
    openWriter: (path) => guarded(locate(path), () => openWriter(locate(path))),
    openAppender: (path) => guarded(locate(path), () => openAppender(locate(path))),
    readLines: (path, options) => readLines(locate(path), options),
    list: (path) => guarded(locate(path), () => listFolder(locate(path))),
    size: (path) => guarded(locate(path), () => sizeOf(locate(path))),
    remove: (path) => guarded(locate(path), () => rm(locate(path), { force: true, recursive: true })),
  };
}

/** A fault of the disk is a fault of the state (exit code 4): full, read-only, not ours. */
async function guarded<Result>(path: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    throw stateFault(path, error);
  }
}

function stateFault(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (error instanceof FaultError || typeof code !== 'string') return error;
  const mend = mends[code] ?? 'Mend this and start the same command again: the run goes on where it stopped.';
  return new FaultError('state', `The state at ${path} cannot be used (${code}). ${mend}`, { cause: error });
}

const mends: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: make room and start the same command again; the run goes on where it stopped.',
  EROFS: 'The file system is read-only: mend that, or set --state (ROLLCALL_STATE) to another folder.',
  EACCES: 'This user may not write there: change the permissions, or set --state (ROLLCALL_STATE).',
  EPERM: 'This user may not write there: change the permissions, or set --state (ROLLCALL_STATE).',
};

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
  const described = entries.map(async (entry) => ({
    name: entry.name,
    isFolder: entry.isDirectory(),
    sizeInBytes: entry.isDirectory() ? 0 : (await stat(join(path, entry.name))).size,
  }));
  return (await Promise.all(described)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const writer = await openWriter(path);
  try {
    await writer.write(content);
    await writer.commit();
  } finally {
    await writer.discard();
  }
}

async function openWriter(
  path: string,
): Promise<StateWriter & { write(content: string | Uint8Array): Promise<void> }> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
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
    async discard() {
      await close();
      if (!committed) await rm(temporary, { force: true });
    },
  };
}

/** A new name in a folder is durable only when the folder is synced too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function openAppender(path: string): Promise<StateAppender> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  await syncFolder(dirname(path));
  let sizeInBytes = await cutTornLine(file);
  let last: Promise<void> = Promise.resolve();
  const append = async (text: string) => {
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length; ) {
      written += (await file.write(bytes, written, bytes.length - written, sizeInBytes + written))
        .bytesWritten;
    }
    await file.datasync();
    sizeInBytes += bytes.length;
  };
  return {
    get sizeInBytes() {
      return sizeInBytes;
    },
    append(text) {
      last = last.then(() => guarded(path, () => append(text)));
      return last;
    },
    async close() {
      await last.catch(() => {});
      await file.close();
    },
  };
}

/** Cuts what follows the last newline: a line that a dying process left half-written. Returns the size left. */
async function cutTornLine(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  const chunk = Buffer.alloc(64 * 1024);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunk.length);
    const { bytesRead } = await file.read(chunk, 0, end - start, start);
    const newline = chunk.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (newline >= 0) {
      const whole = start + newline + 1;
      if (whole < size) await file.truncate(whole);
      return whole;
    }
    end = start;
  }
  if (size > 0) await file.truncate(0);
  return 0;
}
