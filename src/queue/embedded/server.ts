import { chmod, mkdir, readFile, stat, truncate } from 'node:fs/promises';
import { basename } from 'node:path';
import { FaultError } from '../../util/errors.ts';
import { withStartLock } from '../../util/start-lock.ts';
import { type Binaries, findBinaries } from './binaries.ts';
import { ensureDataFolder, removeStalePidFile, writeConfiguration } from './data-folder.ts';
import type { ServerFiles } from './server-files.ts';
import { chooseServerUser, runProgram, type ServerUser } from './server-user.ts';

const startLimitInSeconds = 60;
const stopLimitInSeconds = 30;
const longestLogInBytes = 4_000_000;

/** How `pg_ctl` fared; a failure may be nothing but another process that was faster. */
export type StartResult = { readonly started: true } | { readonly started: false; readonly reason: string };

/** Makes the data folder if need be and starts the server, unless `answers` says that one is there by now. */
export async function startServer(files: ServerFiles, answers: () => Promise<boolean>): Promise<StartResult> {
  await mkdir(files.folder, { recursive: true, mode: 0o700 });
  await chmod(files.folder, 0o700);
  return withStartLock(files.lock, async () => {
    if (await answers()) return { started: true };
    const { binaries, user } = await prepare(files);
    await ensureDataFolder(files, binaries, user);
    // PostgreSQL refuses a folder that somebody opened to others (chmod -R a+rwX).
    await chmod(files.data, 0o700);
    await removeStalePidFile(files);
    await writeConfiguration(files);
    await cutLog(files.log);
    const { exitCode, output } = await control(files, binaries, user, [
      'start',
      `--timeout=${startLimitInSeconds}`,
      `--log=${basename(files.log)}`,
    ]);
    return exitCode === 0
      ? { started: true }
      : { started: false, reason: `${output}\n${await endOfLog(files.log)}` };
  });
}

/** Ends the server within a fraction of a second; connections that are still open are cut. */
export async function stopServer(files: ServerFiles): Promise<void> {
  const { binaries, user } = await prepare(files);
  const args = ['stop', '--mode=fast', `--timeout=${stopLimitInSeconds}`];
  const { exitCode, output } = await control(files, binaries, user, args);
  if (exitCode === 0) return;
  throw new FaultError(
    'embedded-stop-failed',
    `The embedded queue in ${files.folder} did not stop: ${output.slice(-600)}`,
  );
}

async function prepare(files: ServerFiles): Promise<{ binaries: Binaries; user: ServerUser }> {
  const binaries = await findBinaries(files.libraries);
  return { binaries, user: await chooseServerUser(files, binaries.pgCtl) };
}

/** Paths are relative to the folder: `pg_ctl` hands them to a shell, and a path may hold anything. */
function control(files: ServerFiles, binaries: Binaries, user: ServerUser, args: readonly string[]) {
  return runProgram(
    user.as({
      command: binaries.pgCtl,
      args: [...args, '--wait', '--silent', `--pgdata=${basename(files.data)}`],
      folder: files.folder,
      environment: binaries.environment,
    }),
  );
}

async function cutLog(path: string): Promise<void> {
  const sizeInBytes = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (sizeInBytes > longestLogInBytes) await truncate(path);
}

async function endOfLog(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.slice(-1_000);
}
