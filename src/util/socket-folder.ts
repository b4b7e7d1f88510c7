import { createHash } from 'node:crypto';
import { lstat, mkdir, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultError } from './errors.ts';

const socketName = '.s.PGSQL.5432';
/** 108 on Linux and 104 on macOS, each with a closing NUL. */
const longestSocketPathInBytes = 103;

export interface SocketFolder {
  /** Where clients find the socket. */
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * The folder by which clients reach the socket in `data`. The system allows a socket's path 103 bytes: for a deeper
 * folder it is a link in a private folder of the temporary one.
 */
export async function openSocketFolder(data: string): Promise<SocketFolder> {
  if (isShortEnough(data)) return { path: data, remove: async () => undefined };
  const name = `rollcall-${createHash('sha256').update(`${process.getuid?.()}\n${data}`).digest('hex').slice(0, 16)}`;
  const folder = [tmpdir(), '/tmp']
    .map((base) => join(base, name))
    .find((path) => isShortEnough(join(path, 'd')));
  if (folder === undefined) throw tooLong(data);
  await ensurePrivate(folder);
  const path = join(folder, 'd');
  await ensureLink(data, path);
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}

function isShortEnough(folder: string): boolean {
  return Buffer.byteLength(join(folder, socketName)) <= longestSocketPathInBytes;
}

/** In a folder that everybody may write to, another user may have created it first. */
async function ensurePrivate(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (!alreadyThere(error)) throw error;
  });
  const found = await lstat(folder);
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0) return;
  throw new FaultError(
    'embedded-socket-folder',
    `${folder} was made by another user. Remove it, or set TMPDIR to a folder of your own.`,
  );
}

async function ensureLink(target: string, path: string): Promise<void> {
  if ((await readlink(path).catch(() => undefined)) === target) return;
  await rm(path, { force: true });
  await symlink(target, path).catch((error: unknown) => {
    if (!alreadyThere(error)) throw error;
  });
}

function alreadyThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}

function tooLong(data: string): FaultError {
  return new FaultError(
    'embedded-path-too-long',
    `The path ${data} is too long for a socket, and so is the temporary folder. Set --state (ROLLCALL_STATE) to a ` +
      'shorter path, or TMPDIR to /tmp.',
  );
}
