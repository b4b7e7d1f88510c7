import { readdir, readFile, readlink, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FaultError } from '../../util/errors.ts';
import { inOneLine } from '../../util/in-one-line.ts';
import type { Binaries } from './binaries.ts';
import type { ServerFiles } from './server-files.ts';
import type { ServerUser } from './server-user.ts';
import { runProgram } from './server-user.ts';

export const serverUserName = 'rollcall';

/**
 * Small where the defaults are made for a machine of its own: measured after 100,000 jobs 173 MB on disk instead of
 * 1 GB, 144 MB of memory under load instead of 300 MB. The socket is the only way in, and lies in the data folder;
 * its path is relative, so the state may be moved and may be as deep as it likes.
 */
const configuration = `# Written by rollcall at every start; changes made here are lost.
listen_addresses = ''
unix_socket_directories = '.'
unix_socket_permissions = 0700
max_connections = 400
shared_buffers = 32MB
max_wal_size = 128MB
min_wal_size = 32MB
wal_level = minimal
max_wal_senders = 0
io_method = sync
huge_pages = off
jit = off
max_parallel_workers_per_gather = 0
log_min_messages = warning
log_timezone = 'UTC'
timezone = 'UTC'
`;

/** Creates the data folder where there is none: under another name, and renamed when it is complete. */
export async function ensureDataFolder(
  files: ServerFiles,
  binaries: Binaries,
  user: ServerUser,
): Promise<void> {
  if (await isWhole(files.data)) return;
  await refuseForeignContent(files.data);
  await rm(files.dataInMaking, { recursive: true, force: true });
  const { exitCode, output } = await runProgram(
    user.as({
      command: binaries.initdb,
      args: [
        `--pgdata=${basename(files.dataInMaking)}`,
        `--username=${serverUserName}`,
        '--auth=trust',
        '--encoding=UTF8',
        '--no-locale',
        '--wal-segsize=4',
        '--no-instructions',
      ],
      folder: files.folder,
      environment: binaries.environment,
    }),
  );
  if (exitCode !== 0) throw initdbFailed(files, output);
  await rename(files.dataInMaking, files.data);
}

export async function writeConfiguration(files: ServerFiles): Promise<void> {
  // Overwritten in place: the file keeps its owner, who may be another than we are.
  await writeFile(join(files.data, 'postgresql.conf'), configuration);
}

/**
 * A pid file whose number is free is no obstacle for PostgreSQL. One whose number belongs to another program by now
 * (usual in a restarted container) is: it is removed. Called where nothing answers at the socket.
 */
export async function removeStalePidFile(files: ServerFiles): Promise<void> {
  const pidFile = join(files.data, 'postmaster.pid');
  const content = await readFile(pidFile, 'utf8').catch(() => undefined);
  const pid = Number.parseInt(content ?? '', 10);
  if (!(pid > 0) || !(await belongsToAnother(pid, files.data))) return;
  await rm(pidFile, { force: true });
  await rm(join(files.data, '.s.PGSQL.5432.lock'), { force: true });
}

async function belongsToAnother(pid: number, data: string): Promise<boolean> {
  if (process.platform === 'linux') {
    // A running server's working folder is its data folder.
    const workingFolder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    return workingFolder !== undefined && workingFolder !== (await realpath(data));
  }
  const { exitCode, output } = await runProgram({
    command: 'ps',
    args: ['-o', 'comm=', '-p', `${pid}`],
    folder: '/',
  });
  return exitCode === 0 && !output.includes('postgres');
}

function isWhole(data: string): Promise<boolean> {
  return readFile(join(data, 'PG_VERSION')).then(
    () => true,
    () => false,
  );
}

async function refuseForeignContent(data: string): Promise<void> {
  const names = await readdir(data).catch(() => []);
  if (names.length === 0) return;
  throw new FaultError(
    'embedded-broken-data',
    `${data} holds something that is not the data of the embedded queue. Move it away; the reports of earlier runs ` +
      'are kept elsewhere, and an unfinished run goes on.',
  );
}

function initdbFailed(files: ServerFiles, output: string): FaultError {
  return new FaultError(
    'embedded-init-failed',
    `The embedded queue could not be created in ${files.folder}: ${inOneLine(output.slice(-600))} | ` +
      'Fix this, or set --queue (ROLLCALL_QUEUE) to a redis:// or postgres:// server.',
  );
}
