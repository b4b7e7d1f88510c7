import { randomBytes } from 'node:crypto';
import { close, fdatasync, fstat, open, read, rm, write } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder } from './local-writer.ts';
import type { ByteFile, BytePatch, ScratchFile } from './state-store.ts';

// Many small reads: a file handle's promises take several times the processor time of these.
const openFile = promisify(open);
const closeFile = promisify(close);
const statFile = promisify(fstat);
const removeFile = promisify(rm);
const syncFile = promisify(fdatasync);

/** Undefined if there is no such file. */
export async function openByteFile(path: string): Promise<ByteFile | undefined> {
  const descriptor = await openFile(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (descriptor === undefined) return undefined;
  try {
    const { size } = await statFile(descriptor);
    return {
      sizeInBytes: size,
      read: (into, offset) => readInto(descriptor, into, offset),
      close: () => closeFile(descriptor),
    };
  } catch (error) {
    await closeFile(descriptor);
    throw error;
  }
}

/** Its name goes as soon as it is open, so that no death leaves it behind. */
export async function openScratchFile(folder: string): Promise<ScratchFile> {
  await makeFolder(folder);
  const path = join(folder, `scratch.${randomBytes(6).toString('hex')}.tmp`);
  const descriptor = await openFile(path, 'wx+', 0o600);
  let sizeInBytes = 0;
  try {
    await removeFile(path, { force: true });
  } catch (error) {
    await closeFile(descriptor);
    throw error;
  }
  return {
    get sizeInBytes() {
      return sizeInBytes;
    },
    read: (into, offset) => readInto(descriptor, into, offset),
    async append(bytes) {
      await writeAll(descriptor, bytes, sizeInBytes);
      sizeInBytes += bytes.length;
    },
    close: () => closeFile(descriptor),
  };
}

export async function overwrite(path: string, patches: readonly BytePatch[]): Promise<void> {
  const descriptor = await openFile(path, 'r+').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (descriptor === undefined) return;
  try {
    for (const { offset, bytes } of patches) await writeAll(descriptor, bytes, offset);
    await syncFile(descriptor);
  } finally {
    await closeFile(descriptor);
  }
}

async function writeAll(descriptor: number, bytes: Uint8Array, offset: number): Promise<void> {
  for (let written = 0; written < bytes.length; )
    written += await writeFrom(descriptor, bytes.subarray(written), offset + written);
}

async function readInto(descriptor: number, into: Uint8Array, offset: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const count = await readOnce(descriptor, done === 0 ? into : into.subarray(done), offset + done);
    if (count === 0) return done;
    done += count;
  }
  return done;
}

const readOnce = (descriptor: number, into: Uint8Array, offset: number) =>
  new Promise<number>((resolve, reject) => {
    read(descriptor, into, 0, into.length, offset, (error, count) =>
      error ? reject(error) : resolve(count),
    );
  });

const writeFrom = (descriptor: number, bytes: Uint8Array, offset: number) =>
  new Promise<number>((resolve, reject) => {
    write(descriptor, bytes, 0, bytes.length, offset, (error, count) =>
      error ? reject(error) : resolve(count),
    );
  });
