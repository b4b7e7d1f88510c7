import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeOnce } from './make-once.ts';
import { sharedFolder } from './shared-folder.ts';

const run = promisify(execFile);

/** A program that tests need and that npm does not bring. */
export interface WantedProgram {
  readonly program: string;
  /** The Debian package that has it. Its service, if it has one, is not started. */
  readonly debianPackage: string;
  /** How to install it elsewhere, such as `brew install prometheus`. */
  readonly elsewhere: string;
}

/**
 * Finds a program, else installs it with apt where that is allowed (as root); once for all test files, when the first of
 * them asks for it.
 * @throws where it is not there, saying what to install: the tests that need it fail then, they are never left out
 */
export async function provideProgram(wanted: WantedProgram): Promise<void> {
  const refusal = await findOrInstall(wanted);
  if (refusal === undefined) return;
  const { program, debianPackage, elsewhere } = wanted;
  throw new Error(
    `The tests need ${program} and found none (${refusal}). Install it (apt-get install ${debianPackage}, ` +
      `${elsewhere}), and run them again.`,
  );
}

/** Gives why it is not there, or undefined. */
export async function findOrInstall(
  wanted: Pick<WantedProgram, 'program' | 'debianPackage'>,
): Promise<string | undefined> {
  const { program, debianPackage } = wanted;
  const isThere = () => works(program, ['--version']);
  if (await isThere()) return undefined;
  if (process.getuid?.() !== 0) return 'apt-get needs root';
  if (!(await works('apt-get', ['--version']))) return 'there is no apt-get';
  const shared = sharedFolder();
  if (shared === undefined) await install(debianPackage);
  else await makeOnce(join(shared, `apt-${debianPackage}`), () => install(debianPackage));
  return (await isThere()) ? undefined : `apt-get installed no ${program}`;
}

async function works(program: string, args: readonly string[]): Promise<boolean> {
  return run(program, [...args]).then(
    () => true,
    () => false,
  );
}

/**
 * Debian asks policy-rc.d whether services may be started; 101: they may not. One at a time, since two that install at once
 * lock each other out.
 */
const installation = `
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > $policy && chmod 755 $policy
fi
apt-get update --quiet
apt-get install --yes --quiet --no-install-recommends -o DPkg::Lock::Timeout=120 "$1"`;

/** What went wrong is for the log: whether the program is there afterwards is what counts. */
async function install(debianPackage: string): Promise<void> {
  console.error(`${debianPackage} is missing: installing it with apt-get …`);
  const lock = join(tmpdir(), 'rollcall-test-apt.lock');
  try {
    await run('flock', [lock, 'sh', '-c', installation, 'sh', debianPackage], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: 64 * 2 ** 20,
    });
  } catch (error) {
    console.error((error as Error).message.trim().split('\n').at(-1));
  }
}
