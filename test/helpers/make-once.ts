import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const pollInMs = 50;
/** A maker that took longer than this was killed: what it began is begun again. */
const longestInMs = 120_000;

/**
 * Makes a folder that many test files use, when the first of them asks for it: another process waits for it, and finds
 * it whole or not at all. `make` fills a draft beside it.
 */
export async function makeOnce(folder: string, make: (draft: string) => Promise<void>): Promise<string> {
  const lock = `${folder}.lock`;
  await mkdir(dirname(folder), { recursive: true });
  while (!existsSync(folder)) {
    if (await isTaken(lock)) await delay(pollInMs);
    else
      await makeUnderLock({ folder, lock, make }).finally(() => rm(lock, { recursive: true, force: true }));
  }
  return folder;
}

async function makeUnderLock(parts: {
  folder: string;
  lock: string;
  make: (draft: string) => Promise<void>;
}): Promise<void> {
  const { folder, lock, make } = parts;
  // Whoever had the lock before may just have been done.
  if (existsSync(folder)) return;
  const draft = `${folder}.${process.pid}`;
  await mkdir(draft);
  try {
    await make(draft);
    await rename(draft, folder);
  } catch (cause) {
    await rm(draft, { recursive: true, force: true });
    throw new Error(`${folder} could not be made (under ${lock})`, { cause });
  }
}

/** Takes the lock unless somebody else has it, and says whether somebody has. */
async function isTaken(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
    return false;
  } catch {
    const { mtimeMs } = await stat(lock).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > longestInMs) await rm(lock, { recursive: true, force: true });
    return true;
  }
}
