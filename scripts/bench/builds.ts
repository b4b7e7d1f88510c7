import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A built state of the project. */
export interface Build {
  readonly name: string;
  /** Its folder, with `dist/` and, where benchmarks of its own are asked for, `dist-scripts/`. */
  readonly root: string;
}

/** The project as it was built here, in the folder in which the benchmark was started. */
export const thisBuild = (): Build => ({ name: 'now', root: process.cwd() });

/**
 * Another commit, built in a folder of its own, with this one's packages where it has the same. `withScripts`: the benchmarks of this one, too,
 * compiled with its sources.
 */
export async function buildOf(
  revision: string,
  { folder, withScripts = false }: { folder: string; withScripts?: boolean },
): Promise<Build> {
  const root = join(folder, `at-${revision}`);
  await mkdir(root);
  await run('bash', ['-c', 'git archive "$0" | tar -x -C "$1"', revision, root]);
  if (await hasPackagesOf(root))
    await symlink(join(process.cwd(), 'node_modules'), join(root, 'node_modules'));
  else await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root });
  await run('npm', ['run', '--silent', 'build'], { cwd: root });
  if (withScripts) {
    await cp('scripts', join(root, 'scripts'), { recursive: true });
    await run('npm', ['run', '--silent', 'build:scripts'], { cwd: root });
  }
  return { name: revision, root };
}

async function hasPackagesOf(root: string): Promise<boolean> {
  const [here, there] = await Promise.all(
    [process.cwd(), root].map((folder) => readFile(join(folder, 'package-lock.json'), 'utf8')),
  );
  return here === there;
}
