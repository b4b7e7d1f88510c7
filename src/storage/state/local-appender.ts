import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder, syncFolder } from './local-writer.ts';
import { guarded } from './state-fault.ts';
import type { StateAppender } from './state-store.ts';

/**
 * Goes on at the end of a file of lines. After an append that failed all later ones fail too: what it left behind the
 * last durable line is cut, or kept if whole, when the file is next opened.
 */
export async function openAppender(path: string): Promise<StateAppender> {
  await makeFolder(dirname(path));
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  let sizeInBytes: number;
  try {
    await syncFolder(dirname(path));
    sizeInBytes = await cutTornLine(file);
  } catch (error) {
    await file.close();
    throw error;
  }
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
