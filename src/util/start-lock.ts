import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeadProcess, processName } from './process-name.ts';

const heartbeatInMs = 1_000;
/** A holder elsewhere, of which nothing can be known but that it was silent for so long, is taken for dead. */
const silenceInMs = 20_000;
const pollInMs = 50;

/**
 * Runs `action` while this process alone holds the lock file. The lock of a dead process is no obstacle. It saves
 * work and orders steps; the steps themselves (a rename, PostgreSQL's own pid file) are safe without it.
 */
export async function withStartLock<T>(path: string, action: () => Promise<T>): Promise<T> {
  const content = `${processName()} ${randomUUID()}`;
  while (!(await tryTake(path, content))) {
    await breakIfStale(path);
    await delay(pollInMs);
  }
  const heartbeat = setInterval(() => void touch(path), heartbeatInMs);
  try {
    return await action();
  } finally {
    clearInterval(heartbeat);
    if ((await read(path)) === content) await rm(path, { force: true });
  }
}

async function tryTake(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function breakIfStale(path: string): Promise<void> {
  const content = await read(path);
  if (content === undefined || !(await isStale(path, content))) return;
  const aside = `${path}.${randomUUID()}`;
  await rename(path, aside).catch(() => undefined);
  // Another may have broken it and taken it again in between: then what was moved aside is alive and goes back.
  const moved = await read(aside);
  if (moved !== undefined && moved !== content) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function isStale(path: string, content: string): Promise<boolean> {
  const [name = ''] = content.split(' ');
  if (isDeadProcess(name)) return true;
  const touchedAt = await stat(path).then(
    (found) => found.mtimeMs,
    () => Date.now(),
  );
  return Date.now() - touchedAt > silenceInMs;
}

function read(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}
