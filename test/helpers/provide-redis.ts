import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeOnce } from './make-once.ts';
import { sharedFolder } from './shared-folder.ts';

const run = promisify(execFile);

/** How the tests get a Redis of their own: the program on this machine, or its image in Docker. */
export type RedisKind = 'program' | 'docker';

let found: Promise<RedisKind> | undefined;

/**
 * Finds `redis-server`, else installs it with apt where that is allowed (as root), else falls back to Docker; once for
 * all test files, when the first of them asks for it.
 * @throws where there is neither, saying what to install: tests of Redis fail then, they are never left out
 */
export function provideRedis(): Promise<RedisKind> {
  found ??= find();
  return found;
}

async function find(): Promise<RedisKind> {
  if (await works('redis-server', ['--version'])) return 'program';
  const shared = sharedFolder();
  if (shared === undefined) return look();
  const folder = await makeOnce(join(shared, 'redis'), async (draft) => {
    const outcome = await look().then(
      (kind) => ({ kind }),
      (error: Error) => ({ refusal: error.message }),
    );
    await writeFile(join(draft, 'outcome.json'), JSON.stringify(outcome));
  });
  const { kind, refusal } = JSON.parse(await readFile(join(folder, 'outcome.json'), 'utf8'));
  if (refusal !== undefined) throw new Error(refusal);
  return kind;
}

async function look(): Promise<RedisKind> {
  const refusals: string[] = [];
  if (process.getuid?.() !== 0) refusals.push('apt-get needs root');
  else if (!(await works('apt-get', ['--version']))) refusals.push('there is no apt-get');
  else {
    console.error('redis-server is missing: installing it with apt-get …');
    const refusal = await install();
    if (refusal === undefined && (await works('redis-server', ['--version']))) return 'program';
    refusals.push(`apt-get: ${refusal ?? 'installed no redis-server'}`);
  }
  try {
    // Takes a second to load, and is seldom needed.
    const { getContainerRuntimeClient } = await import('testcontainers');
    await getContainerRuntimeClient();
    console.error('redis-server is missing: using its image in Docker.');
    return 'docker';
  } catch (error) {
    refusals.push(`Docker: ${(error as Error).message}`);
  }
  throw new Error(
    `The tests need Redis and found none (${refusals.join('; ')}). Install it (apt-get install redis-server, ` +
      'brew install redis) or start Docker, and run them again.',
  );
}

async function works(program: string, args: readonly string[]): Promise<boolean> {
  return run(program, [...args]).then(
    () => true,
    () => false,
  );
}

/** Gives what went wrong, or undefined. */
async function install(): Promise<string | undefined> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await run('apt-get', ['update', '--quiet'], { env });
    await run('apt-get', ['install', '--yes', '--quiet', '--no-install-recommends', 'redis-server'], { env });
    return undefined;
  } catch (error) {
    return (error as Error).message.trim().split('\n').at(-1);
  }
}
