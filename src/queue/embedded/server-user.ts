import { spawn } from 'node:child_process';
import { chown, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FaultError } from '../../util/errors.ts';
import { userName } from '../../util/user-name.ts';
import type { ServerFiles } from './server-files.ts';

/** PostgreSQL refuses to run as root; this says as whom it runs instead. */
export interface ServerUser {
  /** The same program, run as that user. */
  as(program: Program): Program;
  /** Gives the server's own folder to that user. */
  own(folder: string): Promise<void>;
}

const asOurselves: ServerUser = { as: (program) => program, own: async () => undefined };

/**
 * To the kernel still who we are, so that every folder of ours will do; to PostgreSQL an ordinary user, who has a name.
 * Works where the system lets us make user namespaces (outside of most containers).
 */
async function inUserNamespace(): Promise<ServerUser> {
  const { uid, gid } = await nobody();
  return {
    as: (program) => ({
      ...program,
      command: 'unshare',
      args: ['-U', `--map-user=${uid}`, `--map-group=${gid}`, '--', program.command, ...program.args],
    }),
    own: async () => undefined,
  };
}

/**
 * An ordinary user runs the server himself. For root the owner of the data folder decides; for a new one the first of
 * these that can pass all folders on the way: root in a user namespace, the owner of the state folder, `nobody`.
 */
export async function chooseServerUser(files: ServerFiles, programPath: string): Promise<ServerUser> {
  const ownId = process.getuid?.();
  const owner = await ownerOf(files.data);
  if (ownId !== 0) {
    if (owner !== undefined && owner.uid !== ownId) throw foreignOwner(files.data, owner.uid);
    // To be created it needs a user with a name; to be started it does not.
    if (owner !== undefined || userName() !== undefined) return asOurselves;
    const named = await inUserNamespace();
    if (await canPass(named, files, programPath)) return named;
    throw namelessUser(ownId);
  }
  for (const user of await candidates(files, owner)) {
    if (await canPass(user, files, programPath)) return user;
  }
  throw new FaultError(
    'embedded-as-root',
    'PostgreSQL refuses to run as root. User namespaces are not allowed here, and ' +
      `${owner === undefined ? 'the user nobody' : `the owner of ${files.data} (uid ${owner.uid})`} cannot enter ` +
      `${files.folder} or ${dirname(programPath)}. Run rollcall as an ordinary user who owns the state folder; or put ` +
      '--state (ROLLCALL_STATE) and the program where every user may enter; or set --queue (ROLLCALL_QUEUE) to a ' +
      'redis:// or postgres:// server.',
  );
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

async function candidates(files: ServerFiles, owner: Owner | undefined): Promise<ServerUser[]> {
  if (owner !== undefined) return owner.uid === 0 ? [await inUserNamespace()] : [asUser(owner)];
  const stateOwner = await ownerOf(dirname(files.folder));
  return [
    await inUserNamespace(),
    ...(stateOwner === undefined || stateOwner.uid === 0 ? [] : [asUser(stateOwner)]),
    asUser(await nobody()),
  ];
}

function asUser({ uid, gid }: Owner): ServerUser {
  return {
    as: (program) => ({ ...program, uid, gid }),
    own: (folder) => chown(folder, uid, gid),
  };
}

/** Asked with absolute paths from the root: a working folder that is already open would let anybody in. */
async function canPass(user: ServerUser, files: ServerFiles, programPath: string): Promise<boolean> {
  const before = await stat(files.folder);
  try {
    await user.own(files.folder);
    const script = 'test -w "$1" && test -x "$1" && "$2" --version';
    const probe = { command: '/bin/sh', args: ['-c', script, 'sh', files.folder, programPath], folder: '/' };
    if ((await runProgram(user.as(probe))).exitCode === 0) return true;
  } catch {
    // Not even allowed to give the folder away: the next one, then.
  }
  await chown(files.folder, before.uid, before.gid).catch(() => undefined);
  return false;
}

async function nobody(): Promise<Owner> {
  const id = async (flag: string) => {
    const { exitCode, output } = await runProgram({ command: 'id', args: [flag, 'nobody'], folder: '/' });
    return exitCode === 0 && /^\d+$/.test(output) ? Number(output) : 65_534;
  };
  return { uid: await id('-u'), gid: await id('-g') };
}

function ownerOf(path: string): Promise<Owner | undefined> {
  return stat(path).then(
    ({ uid, gid }) => ({ uid, gid }),
    () => undefined,
  );
}

function foreignOwner(folder: string, uid: number): FaultError {
  return new FaultError(
    'embedded-foreign-owner',
    `The embedded queue in ${folder} belongs to another user (uid ${uid}). Run rollcall as that user, or set --state ` +
      '(ROLLCALL_STATE) to a folder of your own.',
  );
}

function namelessUser(uid: number | undefined): FaultError {
  return new FaultError(
    'embedded-nameless-user',
    `PostgreSQL creates its data only for a user with a name, and uid ${uid} has none here. Give it a line in ` +
      '/etc/passwd (containers: mount one, or use a user of the image), or set --queue (ROLLCALL_QUEUE) to a ' +
      'redis:// or postgres:// server.',
  );
}

export interface ProgramResult {
  /** 0: fine; `undefined`: it could not be started or was ended by a signal. */
  readonly exitCode: number | undefined;
  /** What it wrote to both outputs, or why it could not be started. */
  readonly output: string;
}

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Runs a program to its end, in a session of its own: the Ctrl-C of a terminal must not interrupt it. Of our own
 * environment it sees nothing but the path, since a server would show it to others for as long as it runs.
 */
export function runProgram({
  command,
  args,
  folder,
  environment,
  uid,
  gid,
}: Program): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', ...environment },
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    const chunks: Buffer[] = [];
    // One for which no more files may be opened has none.
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', (error) => resolve({ exitCode: undefined, output: error.message }));
    child.once('close', (exitCode) =>
      resolve({ exitCode: exitCode ?? undefined, output: Buffer.concat(chunks).toString('utf8').trim() }),
    );
  });
}
